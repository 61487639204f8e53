# shellcheck shell=bash
# Networks of Podman's own: netavark's bridge, in the suite's network namespace.

s_network_bridge()
{
    must podman network create --disable-dns "$C-net"
    d --network "$C-net" "$I" sleep 100
    x sh -c 'ls /sys/class/net | tr "\n" " "; ip -o -4 addr show eth0 | grep -c inet; ip route | grep -c default'
    podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$C" >inspected
    podman exec "$C" ip -o -4 addr show eth0 | grep -qF "$(cat inspected)" && echo 'the inspected address'
    ping -c 1 -W 2 "$(cat inspected)" | grep -c 'bytes from'
    x sh -c 'ping -c 1 -W 2 $(ip route | sed -n "s/default via \([0-9.]*\).*/\1/p")' | grep -c 'bytes from'
    must podman run -d --name "$C-2" --network "$C-net" "$I" sleep 100
    x ping -c 1 -W 2 "$(podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$C-2")" | grep -c 'bytes from'
    must podman rm -f -t 0 "$C" "$C-2"
    must podman network rm "$C-net"
}

s_network_static()
{
    local third

    third=$([ "$RT" = runc ] && echo 31 || echo 32)
    must podman network create --disable-dns --subnet "10.99.$third.0/24" "$C-net"
    d --network "$C-net" --ip "10.99.$third.77" --mac-address 92:d0:c6:0a:29:33 --dns 192.0.2.1 --dns-search example.org --add-host other:192.0.2.7 "$I" sleep 100
    x sh -c 'ip -o -4 addr show eth0 | sed "s/.*inet \([0-9.]*\).*/\1/"; cat /sys/class/net/eth0/address; cat /etc/resolv.conf; grep other /etc/hosts' | sed "s/\.$third\./.N./"
    must podman rm -f -t 0 "$C"
    must podman network rm "$C-net"
}

s_network_publish()
{
    local at

    at=$(port 1)
    must podman network create --disable-dns "$C-net"
    d --network "$C-net" -p "127.0.0.1:$at:80" -p "$((at + 1)):81/udp" "$I" sh -c 'while :; do nc -l -p 80 -e echo answered; done'
    podman port "$C" | sed "s/$at/N/; s/$((at + 1))/M/" | sort
    until_true 10 sh -c "echo | timeout 2 busybox nc 127.0.0.1 $at | grep -q answered || podman exec '$C' sh -c 'nc 127.0.0.1 80 </dev/null' | grep -q answered"
    x sh -c 'nc 127.0.0.1 80 </dev/null'
    until_true 10 sh -c "busybox nc -w 2 $(podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$C") 80 </dev/null | grep answered"
    must podman rm -f -t 0 "$C"
    must podman network rm "$C-net"
}

s_network_connect()
{
    must podman network create --disable-dns "$C-one"
    must podman network create --disable-dns "$C-two"
    d --network "$C-one" "$I" sleep 100
    x ls /sys/class/net
    must podman network connect "$C-two" "$C"
    x ls /sys/class/net
    must podman network disconnect "$C-two" "$C"
    x ls /sys/class/net
    must podman rm -f -t 0 "$C"
    must podman network rm "$C-one" "$C-two"
}

s_network_restart()
{
    must podman network create --disable-dns "$C-net"
    d --network "$C-net" "$I" sh -c 'trap exit TERM; while :; do sleep 0.1; done'
    must podman restart -t 5 "$C"
    x sh -c 'ls /sys/class/net | tr "\n" " "; ip -o -4 addr show eth0 | grep -c inet'
    must podman stop -t 5 "$C"
    find /run/netns -mindepth 1 -name "$(podman inspect --format '{{.NetworkSettings.SandboxKey}}' "$C" | sed 's/.*\///')" | wc -l
    must podman rm "$C"
    must podman network rm "$C-net"
}

s_network_host()
{
    r --network host "$I" sh -c 'ls /sys/class/net | grep -c "^lo$"; hostname' | sed "s/^$(hostname)\$/HOST/"
    touch net
    unshare --net="$D/net" ip link set lo mtu 1400 up
    nsenter --net="$D/net" podman --runtime "$RUNTIME" run --rm --network host --name "$C-2" "$I" cat /sys/class/net/lo/mtu
    umount net
}

s_network_sysctl()
{
    must podman network create --disable-dns --opt mtu=1300 "$C-net"
    r --network "$C-net" --sysctl net.ipv4.conf.all.forwarding=1 --cap-add net_admin "$I" \
        sh -c 'cat /proc/sys/net/ipv4/conf/all/forwarding /sys/class/net/eth0/mtu; ip link set eth0 mtu 1280 && cat /sys/class/net/eth0/mtu'
    r --network "$C-net" --user nobody "$I" ping -c 1 -W 2 127.0.0.1 2>&1 | grep -c 'bytes from'
    must podman network rm "$C-net"
}

s_network_user_namespace()
{
    must podman network create --disable-dns "$C-net"
    r --network "$C-net" --uidmap 0:100000:2000 --gidmap 0:100000:2000 "$I" sh -c 'ls /sys/class/net | tr "\n" " "; cat /proc/self/uid_map; ping -c 1 -W 2 $(ip route | sed -n "s/default via \([0-9.]*\).*/\1/p") | grep -c "bytes from"'
    must podman network rm "$C-net"
}
