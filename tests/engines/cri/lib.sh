# shellcheck shell=bash
# What the scenarios for Kubernetes have at hand; sourced after lib.sh.
#
#   pod [PATCH] [NAME]            a sandbox of the scenario's handler; PATCH is a jq filter on its configuration
#   con NAME [PATCH] [-- CMD...]  a container in it, created and started; sleeps unless told otherwise
#   x NAME CMD...                 a command in it: its output and status
#
# The configurations are those that a kubelet makes. Ids lie in files, so that subshells have them.

[ "$RT" = lxc ] || HANDLER=runc

# cri METHOD [JSON]
cri() {
    timeout 60 "$CRI" "$@"
}

# con_id NAME, pod_id [NAME].
con_id() {
    cat "$D/con.$1"
}

pod_id() {
    cat "$D/pod.${1:-pod}"
}

# con_json NAME, pod_json [NAME]: what a method takes.
con_json() {
    printf '{"container_id": "%s"}' "$(con_id "$1")"
}

pod_json() {
    printf '{"pod_sandbox_id": "%s"}' "$(pod_id "${1:-pod}")"
}

# answer_id MEMBER: out of what a method has answered. (jq takes longer to start than the method takes.)
answer_id() {
    sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p"
}

# run_pod [PATCH] [NAME]: with the status of RunPodSandbox. Its request is kept for the containers'.
run_pod() {
    local patch=${1:-.} name=${2:-pod}

    mkdir -p "$D/logs"
    jq -n --arg name "$name" --arg uid "$C-$name" --arg logs "$D/logs" --arg parent "$CGROUP/$C-$name" --arg handler "$HANDLER" '
        {runtime_handler: $handler, config: ({
            metadata: {$name, $uid, namespace: "default", attempt: 0}, hostname: $name, log_directory: $logs, labels: {pod: $uid},
            linux: {cgroup_parent: $parent, security_context: {
                namespace_options: {pid: "CONTAINER"}, seccomp: {profile_type: "Unconfined"}}}} | '"$patch"')}' >"$D/request.$name" || return
    cri RunPodSandbox "$(<"$D/request.$name")" | answer_id pod_sandbox_id >"$D/pod.$name"
    return "${PIPESTATUS[0]}"
}

pod() {
    must run_pod "$@"
}

# make_con NAME [PATCH] [-- CMD...]: CreateContainer, in the pod named by POD (pod). The paths are the kubelet's.
make_con() {
    local name=$1 patch=. pod=${POD:-pod} request

    shift
    if [ "$#" -gt 0 ] && [ "$1" != -- ]; then
        patch=$1
        shift
    fi
    if [ "$#" -gt 0 ]; then
        shift
    else
        set -- sleep 600
    fi
    # A letter before each word: jq would take the command's options for its own.
    request=$(jq -n --arg name "$name" --arg image "$IMAGE" --arg id "$(pod_id "$pod")" --slurpfile pod "$D/request.$pod" '
        {pod_sandbox_id: $id, sandbox_config: $pod[0].config, config: ({
            metadata: {$name, attempt: 0}, image: {$image}, command: ($ARGS.positional | map(.[1:])), log_path: ($name + ".log"),
            labels: {con: $name}, linux: {resources: {}, security_context: {
                namespace_options: $pod[0].config.linux.security_context.namespace_options, seccomp: {profile_type: "Unconfined"},
                masked_paths: ["/proc/asound", "/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/latency_stats", "/proc/timer_list",
                    "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware"],
                readonly_paths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]}}} | '"$patch"')}' \
        --args "${@/#/x}") || return
    cri CreateContainer "$request" | answer_id container_id >"$D/con.$name"
    return "${PIPESTATUS[0]}"
}

start() {
    cri StartContainer "$(con_json "$1")"
}

con() {
    must make_con "$@"
    must start "$1"
}

# x NAME CMD...
x() {
    local name=$1

    shift
    t cri sync 30 "$(con_id "$name")" "$@"
}

# stop NAME SECONDS
stop() {
    cri StopContainer "{\"container_id\": \"$(con_id "$1")\", \"timeout\": $2}"
}

# status NAME FILTER, pod_status FILTER [NAME]
status() {
    cri ContainerStatus "$(con_json "$1")" | jq -cr ".status | $2"
}

pod_status() {
    cri PodSandboxStatus "$(pod_json "${2:-pod}")" | jq -cr ".status | $1"
}

# ended NAME: how, or that it has not.
ended() {
    status "$1" '"\(.state) \(.exit_code) \(.reason)"'
}

state_is() {
    cri ContainerStatus "$(con_json "$1")" | grep -qF "\"state\":\"$2\""
}

# run_con NAME [PATCH] -- CMD...: until its end; its output, then how it ended.
run_con() {
    con "$@"
    until_true 20 state_is "$1" CONTAINER_EXITED
    said "$1"
    ended "$1"
}

# log_lines NAME: without the times. said NAME: the text only.
log_lines() {
    sed -E 's/^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:]{8}(\.[0-9]+)?(Z|[+-][0-9:]{5}) //' "$D/logs/$1.log"
}

said() {
    log_lines "$1" | sed -E 's/^(stdout|stderr) [FP] //'
}

says() {
    said "$1" | grep -q "$2"
}

# runs NAME COMMAND: whether it does, in what NAME sees.
runs() {
    cri sync 5 "$(con_id "$1")" ps -o args | grep -qxF "$2"
}

runs_no_more() {
    ! runs "$@"
}

# pid NAME: the task's. A supervisor has its container's namespaces.
pid() {
    ctr task ls | awk -v id="$(con_id "$1")" '$1 == id { print $2 }'
}

# What a kubelet does when a pod goes, and then the cgroup that it had made for it.
engine_scenario_end() {
    local file name

    for file in "$D"/pod.*; do
        name=${file##*/pod.}
        [ -s "$file" ] || continue
        cri StopPodSandbox "$(pod_json "$name")" >/dev/null
        cri RemovePodSandbox "$(pod_json "$name")" >/dev/null
        wait_for 5 cgroup_gone "$CGROUP/$C-$name" || echo "the cgroup $CGROUP/$C-$name stays"
    done
}

cgroup_gone() {
    find /sys/fs/cgroup -mindepth 1 -maxdepth 4 -depth -type d -path "*$1" -exec rmdir {} + 2>/dev/null
    [ -z "$(find /sys/fs/cgroup -mindepth 1 -maxdepth 4 -type d -path "*$1")" ]
}
