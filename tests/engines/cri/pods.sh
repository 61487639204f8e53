# shellcheck shell=bash
# shellcheck disable=SC2016 # what the container's shell reads
# Sandboxes: their life, the namespaces that containers share in them, their network.

s_pod_life()
{
    t run_pod
    pod_status '.state, .runtime_handler == "'"$HANDLER"'", .linux.namespaces.options, .metadata.name, (.network.ip | test("^10.88."))'
    listed
    t cri StopPodSandbox "$(pod_json)"
    pod_status .state
    listed
    # Both may be said again.
    t cri StopPodSandbox "$(pod_json)"
    t cri RemovePodSandbox "$(pod_json)"
    t cri RemovePodSandbox "$(pod_json)"
    listed
    errs cri PodSandboxStatus "$(pod_json)"
}

listed()
{
    cri ListPodSandbox '{"filter": {"label_selector": {"pod": "'"$C-pod"'"}}}' | jq -c '[.items[] | .metadata.name, .state]'
}

s_pod_unknown_handler()
{
    HANDLER=nothing
    run_pod 2>&1 | sed 's/.*desc = //; s/.*: no runtime/no runtime/'
}

s_pod_names()
{
    pod '.dns_config = {servers: ["192.0.2.1"], searches: ["a.test", "b.test"], options: ["ndots:5"]}'
    con one
    x one hostname
    x one cat /etc/resolv.conf
    x one sh -c 'echo $HOSTNAME; cat /etc/hostname'
}

s_pod_networks()
{
    pod
    con one -- httpd -f -p 127.0.0.1:80 -h /data
    con two
    [ "$(readlink "/proc/$(pid one)/ns/net")" = "$(readlink "/proc/$(pid two)/ns/net")" ] && echo 'one network'
    [ "$(readlink "/proc/$(pid one)/ns/net")" != "$(readlink /proc/self/ns/net)" ] && echo 'not ours'
    until_true 10 cri sync 5 "$(con_id two)" wget -q -O /dev/null http://127.0.0.1/file
    x two wget -q -O - http://127.0.0.1/file
    x two ip -o link | sed -E 's/.*: ([a-z0-9]+)[@:].*/\1/'
    cri sync 5 "$(con_id two)" ip -4 -o addr show eth0 | grep -cF "$(pod_status .network.ip)/16"
}

s_pod_to_pod()
{
    pod . server
    pod . client
    POD=server con web -- httpd -f -h /data
    POD=client con user
    until_true 10 cri sync 5 "$(con_id user)" wget -q -O /dev/null "http://$(pod_status .network.ip server)/file"
    x user wget -q -O - "http://$(pod_status .network.ip server)/file"
    x user ping -c 1 -W 2 "$(pod_status .network.ip server)" | grep -c '1 packets received'
}

s_pod_ipc()
{
    pod
    con one
    con two
    [ "$(readlink "/proc/$(pid one)/ns/ipc")" = "$(readlink "/proc/$(pid two)/ns/ipc")" ] && echo 'one ipc'
    x one sh -c 'echo shared >/dev/shm/file'
    x two cat /dev/shm/file
    x two sh -c 'grep " /dev/shm " /proc/mounts | cut -d" " -f3'
}

s_pod_uts()
{
    pod
    con one '.linux.security_context.capabilities.add_capabilities = ["SYS_ADMIN"]'
    con two
    x one hostname changed
    x two hostname
}

s_pod_own_pids()
{
    pod
    con one
    con two
    x one sh -c 'ps -o pid,args | grep -c "^ *1 sleep 600"; ps -o args | grep -c "^sleep"'
    [ "$(cri sync 5 "$(con_id one)" readlink /proc/self/ns/pid)" != "$(cri sync 5 "$(con_id two)" readlink /proc/self/ns/pid)" ] && echo apart
}

# shareProcessNamespace: the sandbox is pid 1.
s_pod_shared_pids()
{
    pod '.linux.security_context.namespace_options.pid = "POD"'
    con one -- sleep 701
    con two -- sleep 702
    x two sh -c 'ps -o comm,args | grep "[s]leep [0-9]" | sort'
    x two sh -c 'tr "\0" " " </proc/1/cmdline; echo $$ | grep -vx 1 | wc -l'
    x two sh -c 'kill $(ps -o pid,args | grep -o "^ *[0-9]* sleep 701$" | grep -o "^ *[0-9]*")'
    until_true 10 state_is one CONTAINER_EXITED
    ended one
    ended two
    x two echo 'goes on'
}

s_pod_shared_pids_children()
{
    pod '.linux.security_context.namespace_options.pid = "POD"'
    con one -- sh -c 'sleep 711 & sleep 712 & sleep 713'
    con two -- sleep 702
    until_true 10 runs two 'sleep 713'
    t stop one 0
    ended one
    x two sh -c 'ps -o args | grep -c "^sleep 71"'
    ended two
}

# kubectl debug: a container that sees the processes of another.
s_pod_target_pids()
{
    pod
    con one -- sleep 701
    con debug '.linux.security_context.namespace_options |= (.pid = "TARGET" | .target_id = "'"$(con_id one)"'")' -- sleep 702
    x debug sh -c 'ps -o args | grep "^[s]leep" | sort'
    x one sh -c 'ps -o args | grep "^[s]leep" | sort'
    t stop debug 0
    ended one
}

s_pod_host_namespaces()
{
    pod 'del(.hostname) | .linux.security_context.namespace_options = {network: "NODE", pid: "NODE", ipc: "NODE"}'
    con one
    for kind in net ipc pid uts mnt; do
        if [ "$(cri sync 5 "$(con_id one)" readlink "/proc/self/ns/$kind")" = "$(readlink "/proc/self/ns/$kind")" ]; then
            echo "$kind host"
        else
            echo "$kind own"
        fi
    done
    pod_status '.network.ip, .linux.namespaces.options'
    x one sh -c "[ -e /proc/$$ ] && echo 'sees us'"
}

s_pod_sysctls()
{
    pod '.linux.sysctls = {"net.ipv4.ip_unprivileged_port_start": "80", "kernel.shm_rmid_forced": "1", "net.ipv4.ping_group_range": "0 9"}'
    con one
    x one cat /proc/sys/net/ipv4/ip_unprivileged_port_start /proc/sys/kernel/shm_rmid_forced /proc/sys/net/ipv4/ping_group_range
}

s_pod_stop_ends_containers()
{
    pod
    con one
    con two -- sh -c 'sleep 0.1; exit 4'
    until_true 10 state_is two CONTAINER_EXITED
    t cri StopPodSandbox "$(pod_json)"
    ended one
    ended two
    t cri RemovePodSandbox "$(pod_json)"
    errs cri ContainerStatus "$(con_json one)"
}

s_pod_removed_running()
{
    pod
    con one
    task=$(pid one)
    cri RemovePodSandbox "$(pod_json)" 2>&1 | sed -E 's/.*(cannot|not|unless).*/refused/'
    until_true 10 not_running "$task"
}

not_running()
{
    [ ! -e "/proc/$1" ]
}

# A sandbox whose process dies: the pod is lost, and said to be.
s_pod_sandbox_killed()
{
    pod
    con one
    task=$(ctr task ls | awk -v id="$(pod_id)" '$1 == id { print $2 }')
    must kill -KILL "$task"
    until_true 10 pod_is SANDBOX_NOTREADY
    ended one
    t cri StopPodSandbox "$(pod_json)"
    ended one
}

pod_is()
{
    [ "$(pod_status .state)" = "$1" ]
}

s_pod_port_forward()
{
    pod
    con one -- httpd -f -p 127.0.0.1:8080 -h /data
    until_true 10 cri sync 5 "$(con_id one)" wget -q -O /dev/null http://127.0.0.1:8080/file
    printf 'GET /file HTTP/1.0\r\n\r\n' | cri forward "$(pod_id)" 8080 | tr -d '\r' | sed -n '1p; $p'
    cri forward "$(pod_id)" 81 </dev/null 2>&1 | grep -o 'connection refused' | head -n 1
}

# What is asked for the sandbox itself.
s_pod_security()
{
    local pid

    pod '.linux.security_context |= (.run_as_user.value = 1000 | .run_as_group.value = 1000 | .readonly_rootfs = true)'
    while read -r pid; do
        if grep -qz '^trap exit' "/proc/$pid/cmdline" 2>/dev/null; then
            grep -E '^(Uid|Gid|CapEff|CapBnd):' "/proc/$pid/status"
            awk '$5 == "/" { print substr($6, 1, 2) }' "/proc/$pid/mountinfo"
        fi
    done < <(find /sys/fs/cgroup -path "*/$C-pod/*" -name cgroup.procs -exec cat {} + | sort -un)
    pod_status .state
}
