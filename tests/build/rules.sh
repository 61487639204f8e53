#!/bin/bash
# What the source tree promises about itself: dependencies, sizes, words.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin
cd "$TOP" || exit 1

mapfile -t c_files < <(find driver initshim tests -name '*.[ch]' | sort)
mapfile -t scripts < <(find tests .ci configs -name '*.sh' -o -path .ci/run | sort)

# includes DIR...: "FILE HEADER" for each include of ours.
includes() {
    grep -rnoE --include='*.[ch]' '^ *# *include *"[^"]+"' "$@" | sed -E 's/:[0-9]+: *# *include */ /; s/"//g'
}

# may_include DIR PATTERN: headers that DIR uses match PATTERN (extended, whole).
may_include() {
    [ -d "$1" ] || return 0
    is "$1 includes nothing else than $2" "$(includes "$1" | awk -v ok="^($2)\$" '$2 !~ ok')" ""
}

may_include driver/base 'base/.*|lxcdriver\.h'
may_include driver/spec '(base|spec)/.*|shared/capnames\.h|lxcdriver\.h'
may_include driver/config '(base|spec|config|host)/.*|lxcdriver\.h'
may_include driver/host '(base|spec|config|host)/.*|lxcdriver\.h'
may_include driver/run '(base|spec|config|host|run|shared)/.*|lxcdriver\.h'
may_include driver/cli '(base|spec|cli|common|launch|runlxc)/.*|shared/warm\.h|lxcdriver\.h'
# Both sides of a packet are written by the same code, initshim/shared, which also names capabilities for both. The two headers are wire formats: plain structures and numbers.
may_include initshim 'base/(protocol|supervise)\.h|(guard|shared|supervise)/.*|[a-z_]+\.h'
is "the wire formats need nothing of ours" \
    "$(includes driver/base/protocol.h driver/base/supervise.h | grep -v ' base/protocol.h$')" ""
is "only driver/lxc includes liblxc, and the tests that ask it" \
    "$(grep -rlE '# *include *<lxc/' driver initshim tests --include='*.[ch]' | grep -vE '^(driver/lxc/|tests/fuzz/lxc_config\.c$|tests/attacks/injection(_view)?\.c$|tests/golden/read/read\.c$)')" ""

# Reading and translating change nothing, so that they can be tested and fuzzed without root.
changing='mount|umount2?|unshare|setns|clone|fork|vfork|exec[vl]p?e?|posix_spawnp?|system|popen|kill|tgkill|unlink(at)?|remove|rmdir'
changing+='|mkdir(at)?|mknod(at)?|rename(at2?)?|link(at)?|symlink(at)?|f?chmod(at)?|[fl]?chown(at)?|f?truncate|creat|mkstemps?'
changing+='|mkdtemp|socket|connect|bind|prctl|ptrace|sethostname|set(re|res)?[ug]id|setgroups|setenv|unsetenv|putenv|chdir|chroot'
changing+='|pivot_root|umask|sigaction|signal|pthread_create|syscall|fs_write.*|fs_mkdir_p|fs_remove_tree'
for directory in spec config; do
    objects=("$BUILD/obj/driver/$directory"/*.o)
    [ -e "${objects[0]}" ] || continue
    is "driver/$directory calls nothing that changes the system" \
        "$(nm -uA "${objects[@]}" | grep -E " U ($changing)(@.*)?\$")" ""
done
objects=("$BUILD"/obj/driver/{base,spec,config,host,run}/*.o)
existing=()
for object in "${objects[@]}"; do
    [ ! -e "$object" ] || existing+=("$object")
done
# netlink.c ends the process rather than leave it in another network namespace than its own, where the way back is barred.
is "the library starts no threads and keeps its hands off the process" \
    "$(nm -uA "${existing[@]}" | grep -E ' U (pthread_create|setenv|putenv|exit|abort)(@.*)?$' | grep -v '/netlink\.o: * U abort$')" ""

for header in $(find driver initshim -name '*.h' | sort); do
    ok "$header stands alone" gcc -std=gnu17 -D_GNU_SOURCE -Wall -Wextra -Werror -iquote driver -iquote driver/cli -idirafter initshim \
        -fsyntax-only -x c -include "$header" /dev/null
done

long=$(wc -l "${c_files[@]}" "${scripts[@]}" Makefile | awk '$1 > 500 && $2 != "total"')
is "no file has more than 500 lines" "$long" ""
# Written so that this file does not find itself.
words='TO''DO|FIX''ME|X''XX'
is "nothing is left to do" "$(grep -nwE "$words" "${c_files[@]}" "${scripts[@]}" Makefile)" ""
is "no goto" "$(grep -nE '^\s*goto ' "${c_files[@]}")" ""
# strcpy of a literal has a bound that the compiler checks.
is "no unbounded string function, no conversion without errors" \
    "$(grep -nE '\b(strcpy\([^"]*$|(strcat|sprintf|vsprintf|gets|atoi|atol|alloca)\()' "${c_files[@]}")" ""
# What others source says its shell to those who check it.
for script in "${scripts[@]}"; do
    case $script in tests/lib.sh | tests/*/lib.sh | tests/*/common.sh) continue ;; esac
    like "$script names its interpreter" "$(head -n 1 "$script")" '^(#!/bin/(ba|busybox )?sh|# shellcheck shell=bash)$'
done
suite_end
