#!/bin/bash
# The hardening of what is built, read from the files themselves.
# shellcheck source=tests/lib.sh
. "$(dirname "$0")/../lib.sh"
suite_begin

mapfile -t products < <(make -s --no-print-directory -C "$TOP" products)

dynamic=$SCRATCH/dynamic
for file in "${products[@]}"; do
    case $file in /*) ;; *) file=$TOP/$file ;; esac
    name=${file##*/}
    ok "$name is there" test -s "$file"
    [ -s "$file" ] || continue
    readelf -dW "$file" >"$dynamic"
    like "$name is position-independent" "$(readelf -hW "$file")" 'Type: +DYN'
    like "$name has RELRO" "$(readelf -lW "$file")" 'GNU_RELRO'
    like "$name binds at its start" "$(<"$dynamic")" 'NOW'
    unlike "$name has no text relocations" "$(<"$dynamic")" 'TEXTREL'
    unlike "$name has no run path" "$(<"$dynamic")" '\((RPATH|RUNPATH)\)'
    like "$name has no executable stack" "$(readelf -lW "$file")" 'GNU_STACK +[0-9a-fx ]+ RW +'
    like "$name has stack protectors" "$(readelf -sW "$file")" '__stack_chk_fail'
    case $name in
        runlxc-init | runlxc-supervise)
            unlike "$name is static" "$(readelf -lW "$file")" 'INTERP'
            unlike "$name needs no library" "$(<"$dynamic")" '\(NEEDED\)'
            unlike "$name starts no threads" "$(nm "$file")" ' [Tt] pthread_create'
            unlike "$name has no name service" "$(nm "$file")" ' [TtWw] (getpwnam|getgrnam|getaddrinfo|dlopen)$'
            ;;
        runlxc-lxc-*) ;;
        *) like "$name is fortified" "$(readelf -sW --dyn-syms "$file")" '_chk@GLIBC' ;;
    esac
    case $name in
        runlxc-lxc-*) like "$name is what links liblxc" "$(<"$dynamic")" 'NEEDED.*liblxc\.so' ;;
        *) unlike "$name does not load liblxc" "$(<"$dynamic")" 'liblxc\.so' ;;
    esac
done

# The C library's own start files carry no mark here, so a linked file has none: ours are looked at before.
if [ "$(uname -m)" = x86_64 ]; then
    unmarked=
    while read -r object; do
        readelf -nW "$object" | grep -q 'IBT, SHSTK' || unmarked+="$object "
    done < <(find "$BUILD/obj/driver" "$BUILD/obj/initshim" -name '*.o')
    is "every object is marked for control-flow protection" "$unmarked" ""
fi
suite_end
