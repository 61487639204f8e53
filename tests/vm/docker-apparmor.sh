# shellcheck shell=bash
# shellcheck disable=SC2317,SC2154 # functions are called through the assertions; engines' variables
# AppArmor under Docker, with runc beside in the long run. Sourced by tests/engines/docker.sh for tests/vm/plain/docker.sh, before its
# scenarios, whose daemon it uses.

label=(cat /proc/self/attr/current)
# The label of the process whose command line is COMMAND.
label_of() { cat "/proc/$(pgrep -fx "$1")/attr/current"; }
docker_run() { LIMIT=100 bounded docker run --rm --network none --runtime "$RT" "$@"; }

ok "our default profile loads" apparmor_parser -K -r -I "$TOP/configs/apparmor" "$TOP/configs/apparmor/runlxc-default"
like "docker info says that AppArmor is on" "$(docker info -f '{{.SecurityOptions}} {{json .Runtimes}}' 2>&1)" 'name=apparmor.*"lxc"'
runtimes=(lxc)
[ "${VM_SUITES:-}" != all ] || runtimes=(runc lxc)
for RT in "${runtimes[@]}"; do
    prints "$RT: apparmor=runlxc-default" "runlxc-default (enforce)" \
        docker_run --security-opt apparmor=runlxc-default "$IMAGE" "${label[@]}"
    run docker_run --security-opt apparmor=no-such "$IMAGE" true
    isnt "$RT: a profile that is missing is an error" "$status" 0
    # runc's does not say which, and is taken by Docker for that of a missing program.
    [ "$RT" = runc ] || is "$RT: which names it" "$status ${err%%$'\n'*}" \
        '125 docker: Error response from daemon: failed to create shim task: OCI runtime create failed: AppArmor profile "no-such" is not loaded: unknown.'
    ok "$RT: in the background" docker run -d --name "$RT" --network none --runtime "$RT" "$IMAGE" sh -c "sleep 4715; : $RT"
    is "$RT: its default profile" "$(label_of "sh -c sleep 4715; : $RT")" "docker-default (enforce)"
    prints "$RT: exec" "docker-default (enforce)" docker exec "$RT" "${label[@]}"
    ok "$RT: exec --privileged" docker exec --privileged "$RT" "${label[@]}"
    declare "privileged_$RT=$out"
    ok "$RT: kill" docker kill "$RT"
done
is "exec --privileged is confined as with runc" "$privileged_lxc" "${privileged_runc-docker-default (enforce)}"
RT=lxc
prints "a profile of the container's own" unconfined docker_run --security-opt apparmor=generated "$IMAGE" "${label[@]}"
ok "they are removed" docker rm "${runtimes[@]}"
