# shellcheck shell=bash
# Bridges, ports, names. Each container here has a network; the suite's own network namespace is "the host".

# serve PORT TEXT: the scenario's container answers each connection with TEXT.
serving() {
    echo "while :; do echo '$2' | nc -l -p $1; done"
}

# fetch HOST PORT: what is answered, from the host.
fetch() {
    timeout 5 socat -t 2 -u "TCP:$1:$2,connect-timeout=2" - 2>/dev/null
}

# Into the file "answer": the next time nobody may listen yet.
fetched() {
    fetch "$@" >answer
    [ -s answer ]
}

s_bridge_address() {
    NET=bridge up
    dx ip -o link | cut -d: -f2 | cut -d@ -f1
    dx ip -o -4 addr show eth0 | grep -oE 'inet 172\.[0-9]+\.[0-9]+\.[0-9]+/16' | sed -E 's/[0-9]+\.[0-9]+\//X\//'
    [ "$(dx ip -o -4 addr show eth0 | grep -oE '172[0-9.]+' | head -n 1)" = "$(field '{{.NetworkSettings.IPAddress}}')" ] && echo "as inspected"
    dx ip route | sed -E 's/[0-9]+\.[0-9]+ *$/X/'
    dx cat /sys/class/net/eth0/operstate /sys/class/net/eth0/mtu
}

s_bridge_ping() {
    NET=bridge up
    dx ping -c 1 -W 2 "$(field '{{.NetworkSettings.Gateway}}')" | grep -c '1 packets received'
    NET=bridge also two
    dx ping -c 1 -W 2 "$(field '{{.NetworkSettings.IPAddress}}' "$C-two")" | grep -c '1 packets received'
}

s_bridge_gone_after() {
    NET=bridge up
    dx cat /sys/class/net/eth0/iflink >index
    must docker kill "$C"
    until_state exited
    until_true 5 no_link "$(cat index)"
    echo "the link is gone"
}

no_link() {
    ! ip -o link | grep -q "^$1:"
}

s_publish() {
    NET=bridge up -p "127.0.0.1:$(port 1):80" -- sh -c "$(serving 80 'from inside')"
    until_true 10 fetched 127.0.0.1 "$(port 1)"
    cat answer
    docker port "$C" | sed -E 's/:[0-9]+$/:PORT/'
}

s_publish_udp() {
    # The image has nothing that listens on UDP, the host has: socat, in the container's network.
    NET=bridge up -p "127.0.0.1:$(port 2):53/udp"
    timeout 20 nsenter -t "$(field '{{.State.Pid}}')" -n socat -u UDP4-RECVFROM:53 - >got &
    until_true 10 sent_and_seen
    wait
    cat got
    docker port "$C" | sed -E 's/:[0-9]+$/:PORT/'
}

sent_and_seen() {
    echo datagram | timeout 1 socat -t 0.2 -u - "UDP:127.0.0.1:$(port 2)"
    [ -s got ]
}

s_publish_all() {
    NET=bridge up -P --expose 81 --expose 82/udp -- sh -c "$(serving 81 'exposed')"
    until_true 10 fetched 127.0.0.1 "$(docker port "$C" 81 | head -n 1 | sed 's/.*://')"
    cat answer
    docker port "$C" | grep -v '::' | sed -E 's/:[0-9]+$/:PORT/' | sort
    field '{{json .Config.ExposedPorts}}'
}

s_publish_range() {
    NET=bridge up -p "127.0.0.1:$(port 10)-$(port 12):90-92"
    docker port "$C" | wc -l
    field '{{len .NetworkSettings.Ports}}'
}

s_publish_taken() {
    NET=bridge up -p "127.0.0.1:$(port 20):80"
    docker run --rm --runtime "$RT" --name "$C-two" -p "127.0.0.1:$(port 20):80" "$IMAGE" true 2>&1 | grep -o 'port is already allocated'
}

s_publish_after_restart() {
    NET=bridge up -p "127.0.0.1:$(port 21):80" -- sh -c "$(serving 80 'still')"
    until_true 10 fetched 127.0.0.1 "$(port 21)"
    must docker restart -t 0 "$C"
    until_true 10 fetched 127.0.0.1 "$(port 21)"
    cat answer
}

s_publish_host_to_container_ip() {
    NET=bridge up -- sh -c "$(serving 8080 'by address')"
    until_true 10 fetched "$(field '{{.NetworkSettings.IPAddress}}')" 8080
    cat answer
}

# subnet: of the scenario's own, for a network that it makes.
subnet() {
    case $RT in
        runc) echo "10.77.$1" ;;
        *) echo "10.78.$1" ;;
    esac
}

s_network_own() {
    must docker network create --subnet "$(subnet 1).0/24" "$C-net"
    NET=$C-net up --network-alias nickname --ip "$(subnet 1).77" --mac-address 02:42:0a:00:00:77
    dx ip -o -4 addr show eth0 | grep -oE '10[0-9./]+' | head -n 1 | sed 's/\.7[78]\./.N./'
    dx cat /sys/class/net/eth0/address
    t docker run --rm --runtime "$RT" --name "$C-two" --network "$C-net" "$IMAGE" sh -c 'ping -c 1 -W 2 nickname | grep -c "1 packets received"; grep nameserver /etc/resolv.conf'
    # By its name, too.
    docker run --rm --runtime "$RT" --name "$C-two" --network "$C-net" "$IMAGE" ping -c 1 -W 2 "$C" | grep -c "1 packets received"
    must docker rm -f "$C"
    must docker network rm "$C-net"
}

s_network_connect() {
    must docker network create --subnet "$(subnet 2).0/24" "$C-net"
    NET=bridge up
    must docker network connect "$C-net" "$C"
    dx ip -o link | cut -d: -f2 | cut -d@ -f1
    must docker network disconnect "$C-net" "$C"
    dx ip -o link | cut -d: -f2 | cut -d@ -f1
    must docker network rm "$C-net"
}

s_network_internal() {
    must docker network create --internal --subnet "$(subnet 3).0/24" "$C-net"
    NET=$C-net drm "$IMAGE" sh -c 'ip route | grep -c default; ip -o link | wc -l'
    must docker network rm "$C-net"
}

s_network_two_containers() {
    must docker network create --subnet "$(subnet 4).0/24" "$C-net"
    NET=$C-net up --network-alias server -- sh -c "$(serving 7000 'hello from the server')"
    docker run --rm --runtime "$RT" --name "$C-two" --network "$C-net" "$IMAGE" \
        sh -c 'for i in 1 2 3 4 5 6 7 8 9; do nc -w 2 server 7000 </dev/null && break; sleep 0.3; done'
    must docker rm -f "$C"
    must docker network rm "$C-net"
}

s_network_ip6() {
    must docker network create --ipv6 --subnet "$(subnet 5).0/24" --subnet "fd00:$(port 5 | cut -c1,5)::/64" "$C-net"
    NET=$C-net up --ip6 "fd00:$(port 5 | cut -c1,5)::77"
    dx ip -o -6 addr show eth0 scope global | grep -oE '::77/64'
    must docker rm -f "$C"
    must docker network rm "$C-net"
}

s_network_missing() {
    NET=no-such-network drm "$IMAGE" true 2>&1 | grep -o 'network no-such-network not found'
}

s_link() {
    NET=bridge up -e SECRET=1 --expose 80 -h server
    docker run --rm --runtime "$RT" --name "$C-two" --link "$C:other" "$IMAGE" \
        sh -c 'env | grep -oE "^OTHER_(NAME|ENV_SECRET)=.*" | sed "s/NAME=.*/NAME/"; grep -c other /etc/hosts; ping -c 1 -W 2 other | grep -c "1 packets received"'
}

s_link_local_ip() {
    must docker network create --subnet "$(subnet 6).0/24" "$C-net"
    NET=$C-net drm --link-local-ip 169.254.34.68 "$IMAGE" ip -o -4 addr show eth0 2>&1 | grep -oE '169[0-9./]+' | head -n 1
    must docker network rm "$C-net"
}

s_mac_address() {
    NET=bridge drm --mac-address 92:d0:c6:0a:29:33 "$IMAGE" cat /sys/class/net/eth0/address
}

s_dns_in_bridge() {
    NET=bridge drm --dns 10.9.8.7 --dns-search one.test --dns-opt timeout:1 "$IMAGE" cat /etc/resolv.conf
}

s_hosts_in_bridge() {
    NET=bridge up -h me --add-host other:10.0.0.9
    dx sed -E 's/^172[0-9.]+/ADDRESS/' /etc/hosts
}

s_raw_socket_as_user() {
    NET=bridge drm -u user "$IMAGE" sh -c 'ping -c 1 -W 1 127.0.0.1 2>&1 | grep -oE "1 packets received|permission denied"'
}

s_proc_net() {
    NET=bridge up
    # /proc/net and /sys/class/net are the container's.
    dx sh -c 'sed 1,2d /proc/net/dev | cut -d: -f1 | tr -d " " | sort; ls /sys/class/net'
}
