#!/bin/bash
# lxc-launch's networks, on bridges in a network namespace of the suite's own.
# shellcheck source=tests/lib.sh
# shellcheck disable=SC2317 # functions are called through ok and wait_for
. "$(dirname "$0")/../lib.sh"
suite_begin private net

# The cgroups are the machine's: names that no other run has.
a=neta$$ b=netb$$ c=netc$$
BR=rltest0

run1() { bounded "$LXC_LAUNCH" --rm "$@"; }
# state ID FILTER: of a container's state.json.
state() { jq -r "$2" "/run/runlxc/$1/state.json"; }
gone() { [ ! -e "/run/runlxc/$1" ]; }
# start ID ARG...: in the background, its records removed at its end.
start() {
    bounded "$LXC_LAUNCH" -d --rm --name "$@" >"$SCRATCH/.started" 2>&1 || {
        fail "start $*"
        diag "$(cat "$SCRATCH/.started")"
    }
}
# end ID...: kill it from outside and see it removed.
end() {
    local id

    for id; do
        kill -KILL "$(state "$id" .pid)"
        wait_for 10 gone "$id" || fail "$id is removed at its end"
    done
}
# remove ID: the records of one that has ended.
remove() { "$RUNLXC" --root /run/runlxc delete --force "$1"; }
links() { ip -o link | sed -E 's/^[0-9]+: ([^:@]+).*/\1/' | sort | paste -sd ' '; }
leases() { find /run/runlxc/.leases -type f -printf '%f=' -exec cat {} \; -printf '\n' 2>/dev/null | sort; }
# Addresses of eth0 but the link-local ones, with their prefix: "10.77.0.2/24 fd77::2/64".
# shellcheck disable=SC2016 # for the container's shell
show='set -- $(ip -o addr show eth0 | sed -n "s/.* inet6\{0,1\} \([^ ]*\) .*scope global.*/\1/p"); echo "$@"'

bridge() {
    local name=$1 address

    shift
    ip link add "$name" type bridge
    for address; do
        case $address in
            *:*) ip addr add "$address" dev "$name" nodad ;;
            *) ip addr add "$address" dev "$name" ;;
        esac
    done
    ip link set "$name" up
}
bridge $BR 10.77.0.1/24 fd77::1/64
links_before=$(links)
ok "a container starts" "$LXC_LAUNCH" --rm @busybox true
leftovers_snapshot

# ---- two containers on a bridge, with everything asked for ----

# pings V4 V6: a shell line that tries for at most about 10 s until both answer.
pings() {
    # shellcheck disable=SC2016
    printf 'n=0; until ping -c 1 -W 1 %s && ping -6 -c 1 -W 1 %s; do [ $((n += 1)) -lt 10 ] || exit 1; sleep 0.2; done >/dev/null' "$1" "$2"
}
start "$a" --net $BR --ip 10.77.0.10 --ip6 fd77::10 --mtu 1420 --mac-address 02:11:22:33:44:0a @busybox \
    sh -c "$(pings 10.77.0.11 fd77::11) && echo reached; exec sleep 600"
start "$b" --bridge $BR --ip 10.77.0.11/24 --ip6 fd77::11/64 --mtu 1420 --mac-address 02:11:22:33:44:0B @busybox \
    sh -c "$(pings 10.77.0.10 fd77::10) && echo reached; exec sleep 600"
ok "the first pings the second over IPv4 and IPv6" wait_for 15 grep -qx reached "/run/runlxc/$a/log"
ok "the second pings the first over IPv4 and IPv6" wait_for 15 grep -qx reached "/run/runlxc/$b/log"
ok "the host reaches them" sh -c 'for i in 10.77.0.10 10.77.0.11 fd77::10 fd77::11; do busybox ping -c 1 -W 2 $i || exit 1; done'

inside() { nsenter -t "$(state "$1" .pid)" -n "${@:2}"; }
attribute() { inside "$1" ip -j link show eth0 | jq -r ".[0].$2"; }
for pair in "$a 10 0a" "$b 11 0b"; do
    read -r id last mac <<<"$pair"
    is "inside $id: addresses" "$(inside "$id" ip -j addr show eth0 |
        jq -r '[.[0].addr_info[] | select(.scope == "global") | "\(.local)/\(.prefixlen) \(.broadcast // "-")"] | join(" ")')" \
        "10.77.0.$last/24 10.77.0.255 fd77::$last/64 -"
    is "inside $id: MTU" "$(attribute "$id" mtu)" 1420
    is "inside $id: MAC" "$(attribute "$id" address)" "02:11:22:33:44:$mac"
    is "inside $id: links" "$(inside "$id" ip -j link | jq -r '[.[] | .ifname + ":" + (.flags | index("UP") != null | tostring)] | join(" ")')" \
        "lo:true eth0:true"
    host_if=$(state "$id" .network.hostInterface)
    like "state.json of $id: the host's interface" "$host_if" '^[a-z0-9]{1,15}$'
    is "it is on the bridge, up, with that MTU" \
        "$(ip -j link show "$host_if" | jq -r '.[0] | "\(.master) \(.operstate) \(.mtu)"')" "$BR UP 1420"
    is "it is the other end of the container's" "index $(ip -j link show "$host_if" | jq '.[0].ifindex')" \
        "index $(inside "$id" ip -j link show eth0 | jq '.[0].link_index // "none"')"
    is "state.json of $id: the rest" "$(state "$id" '.network | del(.hostInterface) | tojson')" \
        "{\"mode\":\"bridge\",\"interface\":\"eth0\",\"bridge\":\"$BR\",\"addresses\":[\"10.77.0.$last/24\",\"fd77::$last/64\"],\"gateways\":[\"10.77.0.1\",\"fd77::1\"]}"
    is "routes of $id, IPv4" "$(inside "$id" ip -j route | jq -r '[.[] | .dst + " " + (.gateway // "-")] | sort | join(", ")')" \
        "10.77.0.0/24 -, default 10.77.0.1"
    is "default route of $id, IPv6" "$(inside "$id" ip -j -6 route show default | jq -r '.[] | .gateway + " " + .dev')" "fd77::1 eth0"
done
isnt "the host's interfaces differ" "$(state "$a" .network.hostInterface)" "$(state "$b" .network.hostInterface)"
is "leases" "$(leases)" "10.77.0.10=$a
10.77.0.11=$b
fd77::10=$a
fd77::11=$b"

# ---- addresses that cannot be had ----

fails_with 125 "address 10.77.0.10 is in use by container $a" "$LXC_LAUNCH" --rm --net $BR --ip 10.77.0.10 @busybox true
fails_with 125 "address fd77::11 is in use by container $b" "$LXC_LAUNCH" --rm --net $BR --ip6 fd77::11 @busybox true
fails_with 125 "10.77.1.10 is not in the subnet 10.77.0.1/24 of bridge $BR" "$LXC_LAUNCH" --rm --net $BR --ip 10.77.1.10 @busybox true
fails_with 125 "10.77.0.1 is the bridge's own" "$LXC_LAUNCH" --rm --net $BR --ip 10.77.0.1 @busybox true
fails_with 125 "10.77.0.0 is the network's" "$LXC_LAUNCH" --rm --net $BR --ip 10.77.0.0 @busybox true
fails_with 125 "10.77.0.255 is the broadcast" "$LXC_LAUNCH" --rm --net $BR --ip 10.77.0.255 @busybox true
fails_with 125 '--ip: "fd77::5" is not an IPv4 address' "$LXC_LAUNCH" --rm --net $BR --ip fd77::5 @busybox true
fails_with 125 '--ip' "$LXC_LAUNCH" --rm --net $BR --ip 10.77.0.300 @busybox true
fails_with 125 '--ip' "$LXC_LAUNCH" --rm --net $BR --ip 10.77.0.3/33 @busybox true
fails_with 125 '--ip6' "$LXC_LAUNCH" --rm --net $BR --ip6 10.77.0.3 @busybox true
fails_with 125 '--mac-address' "$LXC_LAUNCH" --rm --net $BR --mac-address 02:11:22:33:44 @busybox true
fails_with 125 'unicast' "$LXC_LAUNCH" --rm --net $BR --mac-address 01:11:22:33:44:55 @busybox true
fails_with 125 '--mtu' "$LXC_LAUNCH" --rm --net $BR --mtu 67 @busybox true
fails_with 125 '--ip cannot be used with --net none' "$LXC_LAUNCH" --rm --ip 10.77.0.9 @busybox true
fails_with 125 '--mtu cannot be used with --net host' "$LXC_LAUNCH" --rm --net host --mtu 1400 @busybox true
fails_with 125 "bridge nosuch0" "$LXC_LAUNCH" --rm --net nosuch0 @busybox true
fails_with 125 "network interface lo is no bridge" "$LXC_LAUNCH" --rm --net lo @busybox true
fails_with 125 'bridge lxcbr0' "$LXC_LAUNCH" --rm --net bridge @busybox true
fails_with 125 'contradicts' "$LXC_LAUNCH" --rm --net $BR --bridge other0 @busybox true
fails_with 125 'is not an interface' "$LXC_LAUNCH" --rm --net a/b @busybox true
is "a refused start keeps no lease" "$(leases | wc -l)" 4

# ---- the next free one ----

is "without --ip the next free addresses" "$(run1 --net $BR @busybox sh -c "$show")" "10.77.0.2/24 fd77::2/64"
is "which are given back" "$(run1 --net $BR @busybox sh -c "$show")" "10.77.0.2/24 fd77::2/64"
is "the MAC is made of the address" "$(run1 --net $BR @busybox cat /sys/class/net/eth0/address)" 02:42:0a:4d:00:02
is "one address asked for, the other the next" "$(run1 --net $BR --ip 10.77.0.200 @busybox sh -c "$show")" "10.77.0.200/24 fd77::2/64"
start "$c" --net $BR --ip 10.77.0.2 @busybox sleep 600
is "a taken one is passed over" "$(run1 --net $BR @busybox sh -c "$show")" "10.77.0.3/24 fd77::3/64"
end "$c"
is "and then it is free again" "$(run1 --net $BR @busybox sh -c "$show")" "10.77.0.2/24 fd77::2/64"
"$LXC_LAUNCH" --name "$c" --net $BR @busybox true
is "the lease of a container that has ended, its records kept, is free" "$(run1 --net $BR @busybox sh -c "$show")" "10.77.0.2/24 fd77::2/64"
remove "$c"
"$LXC_LAUNCH" --dry-run --net $BR @busybox true >/dev/null
is "--dry-run takes none" "$(leases | wc -l)" 4

pids=()
for i in 0 1 2 3 4 5 6 7 8 9; do
    run1 --net $BR @busybox sh -c "$show; sleep 1" >"$SCRATCH/at-once.$i" 2>&1 &
    pids+=($!)
done
for i in "${pids[@]}"; do wait "$i"; done
is "ten at once have ten addresses" "$(cat "$SCRATCH"/at-once.* | sort -u | grep -cE '^10\.77\.0\.[0-9]+/24 fd77::[0-9a-f]+/64$')" 10
is "none of them one that was taken" "$(cat "$SCRATCH"/at-once.* | grep -cE '(\.10|\.11)/24|::1[01]/')" 0
is "and give them back" "$(leases | wc -l)" 4

# With --rm also when lxc-launch itself is killed.
"$LXC_LAUNCH" --rm --name "$c" --net $BR @busybox sleep 600 &
pid=$!
wait_for 10 test -e "/run/runlxc/$c/state.json"
wait_for 10 sh -c "jq -e '.status == \"running\"' /run/runlxc/$c/state.json"
like "while it runs it has a lease" "$(leases)" "10.77.0.2=$c"
{
    kill -KILL "$pid"
    wait "$pid"
} 2>/dev/null
ok "kill -9 of lxc-launch ends the container" wait_for 10 gone "$c"
is "its address is free" "$(leases | wc -l)" 4
is "its interface is gone" "$(links)" "$(echo "$links_before" "$(state "$a" .network.hostInterface)" "$(state "$b" .network.hostInterface)" | tr ' ' '\n' | sort | paste -sd ' ')"

end "$a" "$b"
is "no interface is left" "$(links)" "$links_before"
is "no lease is left" "$(ls -A /run/runlxc)" ""

# ---- other bridges ----

bridge rlbare0
is "a bridge without addresses, none asked for" "$(run1 --net rlbare0 @busybox sh -c "$show")" ""
fails_with 125 'bridge "rlbare0" has no address of this family' "$LXC_LAUNCH" --rm --net rlbare0 --ip 192.0.2.5 @busybox true
start "$a" --net rlbare0 --ip 192.0.2.5/28 --ip6 2001:db8::5/120 @busybox sleep 600
is "a bridge without addresses, with explicit ones" \
    "$(run1 --net rlbare0 --ip 192.0.2.6/28 --ip6 2001:db8::6/120 @busybox sh -c "$show; $(pings 192.0.2.5 2001:db8::5) && echo reached; ip route | wc -l")" \
    "192.0.2.6/28 2001:db8::6/120
reached
1"
fails_with 125 "address 192.0.2.5 is in use by container $a" "$LXC_LAUNCH" --rm --net rlbare0 --ip 192.0.2.5/28 @busybox true
end "$a"
is "a prefix of one's own" "$(run1 --net $BR --ip 10.77.0.40/16 @busybox sh -c "$show")" "10.77.0.40/16 fd77::2/64"

bridge rlsmall0 10.78.0.1/30
start "$a" --net rlsmall0 @busybox sleep 600
is "the only address of a small subnet" "$(state "$a" '.network.addresses | join(" ")')" 10.78.0.2/30
fails_with 125 'bridge rlsmall0' "$LXC_LAUNCH" --rm --net rlsmall0 @busybox true
end "$a"
bridge rlsix0 fd78::1/64
is "a bridge with IPv6 only" "$(run1 --net rlsix0 @busybox sh -c "$show; ip -6 route show default | cut -d ' ' -f 1-5")" "fd78::2/64
default via fd78::1 dev eth0"
ip link set rlsix0 mtu 1380
is "the bridge's MTU" "$(run1 --net rlsix0 @busybox cat /sys/class/net/eth0/mtu)" 1380
bridge lxcbr0 10.79.0.1/24
is "--net bridge is the configured one" "$(run1 --net bridge @busybox sh -c "$show")" 10.79.0.2/24
for name in rlbare0 rlsmall0 rlsix0 lxcbr0; do ip link del $name; done

# ---- none, host, another's, a path ----

for net in '' 'none'; do
    # shellcheck disable=SC2086
    is "--net ${net:-is none}: only lo, up" "$(run1 ${net:+--net $net} @busybox sh -c \
        'ls /sys/class/net; ip -o link show up | wc -l; ping -c 1 -W 1 127.0.0.1 >/dev/null && ping -6 -c 1 -W 1 ::1 >/dev/null && echo up; ip route | wc -l')" \
        "lo
1
up
0"
done
here=$(readlink /proc/self/ns/net)
is "--net host" "$(run1 --net host @busybox sh -c 'readlink /proc/self/ns/net; ls /sys/class/net')" "$here
$(find /sys/class/net -mindepth 1 -printf '%f\n' | sort)"
isnt "--net none is not the host's" "$(run1 @busybox readlink /proc/self/ns/net)" "$here"

start "$a" --net $BR --ip 10.77.0.10 @busybox sleep 600
prints "--net container:ID" "$(readlink "/proc/$(state "$a" .pid)/ns/net") 10.77.0.10/24 fd77::2/64" \
    "$LXC_LAUNCH" --rm --net "container:$a" @busybox sh -c "readlink /proc/self/ns/net | tr '\n' ' '; $show"
ok "the other's interface goes on after that" sh -c 'busybox ping -c 1 -W 2 10.77.0.10'
end "$a"
fails_with 125 "\"$a\"" "$LXC_LAUNCH" --rm --net "container:$a" @busybox true
"$LXC_LAUNCH" --name "$a" @busybox true
fails_with 125 "\"$a\"" "$LXC_LAUNCH" --rm --net "container:$a" @busybox true
remove "$a"
fails_with 125 'container:' "$LXC_LAUNCH" --rm --net container:../x @busybox true

[ -d /run/netns ] || { mkdir /run/netns && at_exit 'rmdir /run/netns'; }
mount -t tmpfs runlxc-test-netns /run/netns
at_exit "umount -l /run/netns 2>/dev/null"
ip netns add given
ip -n given link add name given7 type bridge
ip -n given addr add 10.80.0.7/24 dev given7
ip -n given link set given7 up
prints "--net ns:PATH" "$(ip netns exec given readlink /proc/self/ns/net) given7 lo 10.80.0.7/24" \
    "$LXC_LAUNCH" --rm --net ns:/run/netns/given @busybox sh -c \
    "echo \$(readlink /proc/self/ns/net) \$(ls /sys/class/net) \$(ip -o -4 addr show given7 | sed 's/.* inet \\([^ ]*\\) .*/\\1/')"
ok "the namespace is as it was" ip -n given addr show given7
is "it is nobody's to bring lo up in" "$(ip -n given -j link show lo | jq -r '.[0].operstate')" DOWN
fails_with 125 '/run/netns/nosuch' "$LXC_LAUNCH" --rm --net ns:/run/netns/nosuch @busybox true
fails_with 125 '/etc/passwd' "$LXC_LAUNCH" --rm --net ns:/etc/passwd @busybox true
fails_with 125 '/proc/self/ns/uts' "$LXC_LAUNCH" --rm --net ns:/proc/self/ns/uts @busybox true
fails_with 125 'relative' "$LXC_LAUNCH" --rm --net ns:relative @busybox true
ip netns del given
umount /run/netns

# ---- name files ----

is "--dns, --dns-search, --dns-option" "$(run1 --net $BR --dns 192.0.2.53 --dns 2001:db8::53 --dns-search example.org --dns-search b.example \
    --dns-option ndots:2 --dns-option timeout:1 @busybox cat /etc/resolv.conf)" "nameserver 192.0.2.53
nameserver 2001:db8::53
search example.org b.example
options ndots:2 timeout:1"
is "without them the host's servers" "$(run1 --net $BR @busybox grep ^nameserver /etc/resolv.conf)" "$(grep ^nameserver /etc/resolv.conf)"
fails_with 125 '--dns' "$LXC_LAUNCH" --rm --dns 10.0.0.0/8 @busybox true
fails_with 125 '--dns' "$LXC_LAUNCH" --rm --dns dns.example @busybox true
fails_with 125 'resolv.conf' "$LXC_LAUNCH" --rm --dns-search 'a b' @busybox true
is "/etc/hosts" "$(run1 --net $BR --ip 10.77.0.9 -h web --add-host db:10.77.0.50 --add-host six:fd77::50 --add-host 'seven=[fd77::51]' @busybox \
    grep -vE '^(127|::1|f[ef]0)' /etc/hosts)" "10.77.0.9	web
fd77::2	web
10.77.0.50	db
fd77::50	six
fd77::51	seven"
is "names are found" "$(run1 --net $BR -h web --add-host "gate:10.77.0.1" @busybox sh -c \
    'ping -c 1 -W 2 gate >/dev/null && ping -c 1 -W 2 localhost >/dev/null && ping -c 1 -W 2 web >/dev/null && cat /etc/hostname && hostname')" "web
web"
fails_with 125 '--add-host' "$LXC_LAUNCH" --rm --add-host nowhere @busybox true
busybox_rootfs "$SCRATCH/fs"
echo 'from the image' >"$SCRATCH/fs/etc/resolv.conf"
is "without a network the image's resolv.conf stays" "$(run1 "$SCRATCH/fs" cat /etc/resolv.conf)" "from the image"
is "a mount of the user's wins" "$(run1 --net $BR -v "$SCRATCH/fs/etc/resolv.conf:/etc/resolv.conf:ro" @busybox cat /etc/resolv.conf)" "from the image"
is "the image's own file is as it was" "$(cat "$SCRATCH/fs/etc/resolv.conf")" "from the image"
is "nothing was made in it" "$(find "$SCRATCH/fs/etc" -type f -printf '%f\n' | sort | paste -sd ' ')" "group passwd resolv.conf"

# ---- the same, told as Docker's execdriver did ----

# command_json ID INTERFACE SHELL-LINE
command_json() {
    jq -n --arg id "$1" --arg root "$SCRATCH/fs" --argjson interface "$2" --arg line "$3" '{
        id: $id, rootfs: $root, readonly_rootfs: false, initpath: "/init", working_dir: "/",
        network: {mtu: 1430, interface: $interface, container_id: "", namespace_path: "", host_networking: false},
        ipc: {container_id: "", host_ipc: false}, pid: {host_pid: false}, uts: {host_uts: false},
        process_config: {privileged: false, user: "", tty: false, entrypoint: "/bin/sh", arguments: ["-c", $line],
            env: ["PATH=/bin", "HOSTNAME=web"]}}'
}
interface=$(jq -n --arg bridge $BR '{gateway: "10.77.0.1", ip: "10.77.0.60", ip_prefix_len: 24, bridge: $bridge,
    mac_address: "02:42:0a:4d:00:3c", global_ipv6: "fd77::60", global_ipv6_prefix_len: 64, ipv6_gateway: "fd77::1"}')
command_json "$a" "$interface" "$show; cat /sys/class/net/eth0/address /sys/class/net/eth0/mtu
    ip route | grep ^default; ip -6 route show default | cut -d ' ' -f 1-5; ping -c 1 -W 2 10.77.0.1 >/dev/null && echo v4
    ping -6 -c 1 -W 2 fd77::1 >/dev/null && echo v6" >"$SCRATCH/command.json"
is "--command FILE with an interface" "$(run1 --command "$SCRATCH/command.json" 2>&1)" "10.77.0.60/24 fd77::60/64
02:42:0a:4d:00:3c
1430
default via 10.77.0.1 dev eth0 
default via fd77::1 dev eth0
v4
v6"
is "--command - too" "$(run1 --command - <"$SCRATCH/command.json" 2>&1 | head -n 1)" "10.77.0.60/24 fd77::60/64"
command_json "$a" "$(jq 'del(.global_ipv6, .global_ipv6_prefix_len, .ipv6_gateway)' <<<"$interface")" "$show; ip -6 route show default" >"$SCRATCH/command.json"
is "without an IPv6 address it has none" "$(run1 --command "$SCRATCH/command.json" 2>&1)" "10.77.0.60/24"
command_json "$a" "$(jq '.bridge = "nosuch0"' <<<"$interface")" true >"$SCRATCH/command.json"
fails_with 125 'bridge nosuch0' "$LXC_LAUNCH" --rm --command "$SCRATCH/command.json"
command_json "$a" "$(jq '.ip_prefix_len = 99' <<<"$interface")" true >"$SCRATCH/command.json"
fails_with 125 'network.interface.ip_prefix_len' "$LXC_LAUNCH" --rm --command "$SCRATCH/command.json"

# ---- nothing is left ----

is "no interface is left at the end" "$(links)" "$links_before"
is "no record and no lease is left" "$(ls -A /run/runlxc)" ""
leftovers_check "nothing is left"
suite_end
