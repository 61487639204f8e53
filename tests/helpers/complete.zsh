# What zsh offers: for each line of standard input the answers at its end, sorted, on one line.
#     zsh -f complete.zsh DIR <lines         DIR has the completion functions
# Completion works in an interactive shell only, so one runs on a terminal of its own. There compadd tells a file what it is given, and
# a line is done when the widget has returned.
zmodload zsh/zpty zsh/zselect || exit 2
work=$(mktemp -d) || exit 2
answers=$work/answers
: >$answers

cat >$work/rc <<'END'
PS1= PS2= LISTMAX=0
unsetopt beep
autoload -Uz compinit && compinit -D -u
zstyle ':completion:*' completer _complete
zstyle ':completion:*' use-cache no
compadd() {
    local -a given
    # What is asked for its own sake, and adds nothing.
    if [[ ${(j: :)@[1,(i)(-|--)]} == (|* )-([^-]#[OAD])\ * ]]; then
        builtin compadd "$@"
        return
    fi
    builtin compadd -O given "$@"
    (( ! $#given )) || print -rl -- ${IPREFIX}$^given >>$answers
    builtin compadd "$@"
}
tell() {
    _main_complete
    compstate[insert]= compstate[list]=
    print -r -- END >>$answers
}
zle -C tell complete-word tell
bindkey '^I' tell
END
setopt extendedglob
zpty -b inner "cd ${(q)PWD} && ZDOTDIR=$work zsh -f -i"
zpty -w inner "setopt extendedglob; fpath=(${(q)1} \$fpath) answers=$answers; . $work/rc; print -r -- END >>\$answers"

# The line has its end, within ten seconds.
answered() {
    local -i try
    local junk

    for ((try = 0; try < 1000; try++)); do
        while zpty -r -t inner junk; do :; done
        [[ $(<$answers) != (|*$'\n')END ]] || return 0
        zselect -t 1
    done
    print -ru2 -- "complete.zsh: no answer"
    return 1
}

answered || { zpty -d inner; rm -r $work; exit 1; }
while IFS= read -r line; do
    : >$answers
    zpty -w -n inner $'\C-u'"$line"$'\t'
    answered || break
    print -r -- ${(j: :)${(@ou)${(f)"$(<$answers)"}:#END}}
done
zpty -d inner
rm -r $work
