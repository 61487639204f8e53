#!/bin/bash
# The man pages: rendered without a complaint, and in step with what they describe: --help and the option tables behind it, the
# library's header, the table of settings, the templates, the AppArmor profiles. Their examples are run. (What is completed is
# compared with --help in completion.sh.)
. "$(dirname "$0")/../lib.sh"
suite_begin private

man=$TOP/man
sorted() { printf '%s\n' "$@" | sort; }

# ---- every page ----

# But for what depends on the machine that looks: which other pages it has.
for page in "$man"/*.[1-8]; do
    name=${page##*/}
    is "$name: mandoc has nothing to say" "$(mandoc -T lint "$page" 2>&1 | grep -vE 'outdated mandoc.db|referenced manual not found')" ""
    is "$name: man has nothing to say" "$(MANWIDTH=80 man --warnings -l "$page" 2>&1 >/dev/null)" ""
done
is "pages that ours refer to as ours are there" "$(sed -nE 's/^\.Xr (lxc-launch|lxcdriver|runlxc[a-z.-]*) ([1-8]).*/\1.\2/p' "$man"/*.[1-8] |
    sort -u | while read -r page; do [ -e "$man/$page" ] || echo "$page"; done)" ""
for page in "$man"/*.[1-8]; do
    isnt "${page##*/} is named by another" "$(grep -lE "^\.Xr $(basename "${page%.*}") ${page##*.}( |\$)" "$man"/*.[1-8] | grep -v "$page")" ""
done

ok "the pages are installed for another prefix" make -s -C "$TOP" install-docs DESTDIR="$SCRATCH/dest" PREFIX=/usr
is "and name its places" "$(grep -rl /usr/local "$SCRATCH/dest")" ""
ok "sysconfdir too" make -s -C "$TOP" install-docs DESTDIR="$SCRATCH/other" PREFIX=/opt/runlxc
is "for a prefix of its own" "$(grep -rhoE '[^ ]*/etc/runlxc/templates' "$SCRATCH/other/opt/runlxc/share/man" | sort -u)" /opt/runlxc/etc/runlxc/templates

# ---- what is no page ----

is "NEWS begins with this version" "$(sed -nE 's/^([0-9][0-9.]*) .*/\1/p' "$TOP/NEWS" | head -n 1)" "$(<"$TOP/VERSION")"
for text in README.md CONTRIBUTING.md SECURITY.md; do
    is "$text names files that are there" "$(grep -oE '`(driver|initshim|tests|configs|man|debian|lxc-templates)/[A-Za-z0-9_./-]*' "$TOP/$text" |
        tr -d '\`' | sort -u | while read -r path; do [ -e "$TOP/$path" ] || [[ $path == *NAME* ]] || echo "$path"; done)" ""
    is "$text names targets that make has" "$(grep -oE '`(sudo )?make [a-z][a-z-]*|^(sudo )?make [a-z-]+( +#.*| [A-Z]+=.*)?$' "$TOP/$text" |
        sed -E 's/.*make ([a-z-]+).*/\1/' | sort -u |
        while read -r target; do grep -qE "^([a-z-]+ )*$target( [a-z-]+)*:" "$TOP/Makefile" || echo "$target"; done)" ""
done

# ---- lxc-launch(1) ----

page=$man/lxc-launch.1
help_options() {
    "$LXC_LAUNCH" --help | grep -oE -- '(^|[ ,])--[a-z0-9-]+' | tr -d ' ,' | sort -u
}
page_options() {
    sed -n '/^\.Sh OPTIONS/,/^\.Sh ENVIRONMENT/s/^\.It Fl \([^-]* , Fl \)\{0,1\}-\([a-z0-9-]*\).*/--\2/p' "$page" | sort -u
}
short_options() {
    "$LXC_LAUNCH" --help | grep -oE -- '(^|[ ,])-[a-z] --[a-z-]+' | tr -d ' ,' | sed 's/^\(-.\)\(--.*\)/\1 \2/' | sort
}
page_short_options() {
    sed -n 's/^\.It Fl \([a-z]\) , Fl \(-[a-z-]*\).*/-\1 -\2/p' "$page" | sort
}
within "--help names options" "$(help_options | wc -l)" 70 200
is "every option of --help and no other" "$(page_options)" "$(help_options)"
is "every short form" "$(page_short_options)" "$(short_options)"
is "--help has every row of the tables" "$(help_options)" \
    "$(sed -nE 's/^    \{"([a-z0-9-]+)", .*/--\1/p' "$TOP/driver/spec/flags_table.c" | sort)"

# Words that options take: those in the tables and lists of these readers.
# words FILE START: the strings between the line that has START and the end of what it begins.
words() {
    awk -v start="$2" 'index($0, start) { inside = 1 } inside { print } inside && /;$/ { exit }' "$TOP/driver/spec/$1" | grep -oE '"[A-Za-z-]+' | tr -d '"'
}
is "every key of --mount, word of --volume and --security-opt" "$(
    { words flags_mount.c 'mount_keys[]' && words flags_mount.c 'accepted[]' && words flags_mount.c 'propagations[]' &&
        words flags_security.c '"no-new-privileges", opt_no_new_privs'; } | while read -r word; do
        echo "$word" >>words
        grep -qE "^\\.(It )?Cm .*\\b$word\\b|^\\.It Cm $word=" "$page" || echo "$word"
    done)" ""
within "words are looked for" "$(wc -l <words)" 25 50

# ---- runlxc(8) ----

# runlxc_help ARG...: "-s --long" or "--long" for each option.
runlxc_help() {
    "$RUNLXC" "$@" --help | sed -nE 's/^  (-.), (--[a-z0-9-]+).*/\1 \2/p; s/^      (--[a-z0-9-]+).*/\1/p' | sort
}
# runlxc_page SECTION: the same out of the part of the page below this heading (a pattern).
runlxc_page() {
    awk -v section="^\\.S[hs] $1( |\$)" '/^\.S[hs] / { inside = $0 ~ section } inside' "$man/runlxc.8" |
        sed -nE 's/^\.It Fl (.) , Fl (-[a-z0-9-]+).*/-\1 -\2/p; s/^\.It Fl (-[a-z0-9-]+).*/-\1/p' | sort
}
# runlxc_table FILE: the options in the tables of a source.
runlxc_table() {
    grep -oE 'OPT_[A-Z]+\([^"]*"[a-z0-9-]+"' "$TOP/driver/cli/runlxc/$1" | sed -E 's/.*"(.*)"/--\1/' | sort
}

mapfile -t verbs < <("$RUNLXC" --help | sed -n '/^Commands:/,/^$/s/^  \([a-z]*\) .*/\1/p' | sort)
within "runlxc has commands" "${#verbs[@]}" 19 40
is "every command" "$(sed -n 's/^\.Ss \([a-z]*\).*/\1/p' "$man/runlxc.8")" "$(sorted "${verbs[@]}")"
is "--help has every command there is" "$(sorted "${verbs[@]}")" \
    "$(sed -n '/^static const struct verb \*const verbs/,/^}/p' "$TOP/driver/cli/runlxc/main.c" | grep -oE '&verb_[a-z]+' | sed 's/&verb_//' | sort)"
is "its global options" "$(runlxc_page 'GLOBAL OPTIONS')" "$(runlxc_help)"
is "which are all there are" "$(runlxc_help | grep -oE -- '--.*')" "$(runlxc_table main.c)"
for verb in "${verbs[@]}"; do
    is "the options of $verb" "$(runlxc_page "$verb")" "$(runlxc_help "$verb")"
done

# shellcheck disable=SC2317 # the page's examples, run below
# The examples' commands.
{
    lxc-launch() { "$LXC_LAUNCH" "$@"; }
    runlxc() { "$RUNLXC" "$@"; }
    export -f lxc-launch runlxc
}
# example FILE PATTERN: the literal part of a page that has this line.
example() {
    awk -v pattern="$2" '/^\.Bd / { text = ""; inside = 1; next } /^\.Ed/ { if (text ~ pattern) printf "%s", text; inside = 0 }
        inside { text = text $0 "\n" }' "$1" | sed 's/\\e/\\/g'
}
example "$man/runlxc.8" 'runlxc stop' | sed 's/^# //' >examples
run bash -e examples
like "its example runs" "$status $out" $'^0 web\nID +PID .*\nweb +[0-9]+ +running .*httpd -f'
is "and leaves nothing" "$("$RUNLXC" list -q)" ""

# ---- runlxc.conf(5) ----

keys() { sed -nE '/^static const struct key keys/,/^}/s/^    \{"([a-z_]+)", .*/\1/p' "$TOP/driver/base/conf.c" | sort; }
within "there are settings" "$(keys | wc -l)" 10 50
is "every setting and no other" "$(sed -nE 's/^\.It Ic ([a-z_]+) .*/\1/p' "$man/runlxc.conf.5" | sort)" "$(keys)"
is "the sample has every setting" "$(sed -nE 's/^#([a-z_]+) =.*/\1/p' "$TOP/configs/runlxc.conf" | sort)" "$(keys)"

# ---- lxcdriver(3) ----

page=$man/lxcdriver.3
header=$TOP/driver/lxcdriver.h
told() { python3 "$TOP/tests/helpers/header.py" "$@"; }
told declarations "$header" >declared
within "the header declares functions" "$(wc -l <declared)" 45 100
is "every function as it is declared, and no other" "$(told synopsis "$page")" "$(<declared)"
names() { sed -E 's/.*[ *](lxcdriver_[a-z0-9_]+)\(.*/\1/' declared | sort; }
is "all are under NAME" "$(sed -nE 's/^\.Nm (lxcdriver_[a-z0-9_]+).*/\1/p' "$page" | sort)" "$(names)"
is "all are told of" "$(sed '1,/^\.Sh DESCRIPTION/d' "$page" | sed -nE 's/^\.Fn (lxcdriver_[a-z0-9_]+).*/\1/p' | sort -u)" "$(names)"
is "the library exports these" "$(nm -D --defined-only "$BUILD/liblxcdriver.so.0" | sed -nE 's/.* T (lxcdriver_[a-z0-9_]+).*/\1/p' | sort)" "$(names)"
is "a page for each name" "$(cd "$SCRATCH/dest/usr/share/man/man3" && find . -type l -name '*.3' | sed 's/^..//; s/\.3$//' | sort)" "$(names)"
like "man finds one" "$(man -M "$SCRATCH/dest/usr/share/man" lxcdriver_create)" 'LXCDRIVER\(3\)'

told members "$header" >parts
within "structures have members" "$(wc -l <parts)" 90 300
is "every member and constant" "$(while read -r member; do
    grep -qE "^\.(It Va|Va|It Dv|Dv|Fn|Li).*\b$member\b" "$page" || echo "$member"
done <parts)" ""

example "$page" 'int main' >run.c
ok "its example builds" gcc -std=c11 -Wall -Wextra -Werror -I"$TOP/driver" -o run run.c -L"$BUILD" -llxcdriver
busybox_rootfs "$SCRATCH/box"
example "$page" 'run <<END' | sed "1d; /^END/,\$d; s:/srv/box:$SCRATCH/box:" >box.json
prints "and runs" hello env LD_LIBRARY_PATH="$BUILD" RUNLXC_LIBEXECDIR="$BUILD" ./run <box.json
echo '{}' >none.json
status_is "and says what is wrong" 125 env LD_LIBRARY_PATH="$BUILD" RUNLXC_LIBEXECDIR="$BUILD" ./run <none.json
is "in a sentence" "$err" "id: is missing"

# ---- runlxc-templates(5) ----

page=$man/runlxc-templates.5
templates() { (cd "$TOP/lxc-templates" && printf '%s\n' *); }
is "every template and no other" "$(sed '/^\.Ss Order/,$d' "$page" | sed -nE 's/^\.It Pa (.*conf)$/\1/p' | sed 's/ , /\n/g' | sort)" "$(templates)"
is "which are those that the driver includes" "$(grep -rhoE '"[a-z0-9-]+\.conf"' "$TOP/driver/config" --include='*.c' | tr -d '"' | sort -u)" "$(templates)"
is "they have no variables" "$(grep -rlE '@[A-Z]+@|[$]' "$TOP/lxc-templates")" ""
is "keys that are written behind them" "$(sed -n '/^\.Ss Variables/,/^\.Ss/p' "$page" | grep -oE 'lxc\.[a-z0-9.]+' | grep -v '^lxc.apparmor' | sort -u)" \
    "$(grep -hoE '"lxc\.[a-z0-9.]+"' "$TOP"/driver/config/{rootfs,network}.c | tr -d '"' | grep -v '^lxc.apparmor' | sort -u)"

mkdir etc-upper etc-work
ok "an /etc of the suite's own" mount -t overlay -o "lowerdir=/etc,upperdir=$SCRATCH/etc-upper,workdir=$SCRATCH/etc-work" overlay /etc
sed -n '/^\.Sh EXAMPLES/,$p' "$page" | sed -nE 's/^# //p' | sed "s:/usr/local/share/runlxc/lxc-templates:$TOP/lxc-templates:" >examples
run bash -e examples
like "its examples hide processes, and forbid core dumps" "$status $out" $'^0 proc /proc proc .*hidepid=(2|invisible).*\n0$'
echo 'lxc.nosuch = 1' >>/etc/runlxc/templates/base.conf
fails_with 125 lxc.nosuch "$LXC_LAUNCH" --rm @busybox true
ok "without them" rm -r /etc/runlxc/templates
prints "the installed ones are used" "proc /proc proc rw,nosuid,nodev,noexec,relatime 0 0" "$LXC_LAUNCH" --rm @busybox grep ' /proc ' /proc/mounts
umount /etc

# ---- runlxc-apparmor(7) ----

page=$man/runlxc-apparmor.7
is "the table is the README's, which is tried on a kernel that has it" \
    "$(sed -n '/^\.It Em Operation/,/^\.El/p' "$page" | sed -nE '1d; s/^\.It //p' | sed 's/ Ta / | /g')" \
    "$(sed -n '/<!-- apparmor-table -->/,/<!-- .apparmor-table -->/p' "$TOP/README.md" | sed -nE 's/^\| (.*) \|$/\1/p' |
        sed '1,1d' | awk -F ' [|] ' '{ print $1 " | " $4 " | " $5 }')"
is "every profile" "$(sed -n '/^\.Sh PROFILES/,/^\.Sh RULES/p' "$page" | sed -nE 's/^\.Ss (runlxc.*)/\1/p' | sort)" \
    "$(cd "$TOP/configs/apparmor" && find . -maxdepth 1 -type f | sed 's/^..//' | sort)"
is "every abstraction" "$(sed -nE 's:^\.It Pa abstractions/runlxc/(.*):\1:p' "$page" | sort)" "$(cd "$TOP/configs/apparmor/abstractions/runlxc" && printf '%s\n' *)"
is "every local file" "$(sed -nE 's:^\.It Pa /etc/apparmor.d/local/(.*):\1:p' "$page" | sort)" \
    "$(grep -rhoE '<local/[a-z-]+>' "$TOP/configs/apparmor" "$TOP/driver/run/apparmor.c" | tr -d '<>' | sed 's:local/::' | sort -u)"
sed -n '/^abi/,/^}/p' "$page" >web
ok "its example compiles" apparmor_parser -Q -K -T --base /etc/apparmor.d -I "$TOP/configs/apparmor" web

suite_end
