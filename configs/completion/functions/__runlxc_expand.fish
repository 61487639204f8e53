# A path of the command line with "~" and "~NAME" expanded, which words that are read from there still have.
function __runlxc_expand
    set -l home (string match -r '^~[\w.-]*(?=/|$)' -- $argv[1])
    or begin
        echo $argv[1]
        return
    end
    set -l rest (string sub -s (math (string length -- $home) + 1) -- $argv[1])
    eval set home $home
    echo $home$rest
end
