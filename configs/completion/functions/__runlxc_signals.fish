# Every signal, by its whole name.
function __runlxc_signals
    string replace -r '^(SIG)?' SIG -- (string match -rv '^$' -- (string split ' ' -- (kill -l)))
end
