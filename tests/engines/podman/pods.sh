# shellcheck shell=bash
# Pods: an infra container and what shares its namespaces; podman play kube.

# in_pod NAME ARGS...: run a container of the pod in the background.
in_pod() {
    local name=$1

    shift
    must podman run -d --pod "$C-pod" --name "$C-$name" "$@"
}

infra_pid() {
    podman top "$C-infra" hpid | sed 1d | head -n 1 | tr -d ' '
}

pod_status() {
    podman pod inspect "$C-pod" --format '{{.State}} containers={{.NumContainers}}'
}

s_pod_namespaces()
{
    must podman pod create --name "$C-pod" --network none --hostname the-pod --infra-name "$C-infra"
    pod_status
    in_pod a "$I" sh -c 'echo there >/dev/shm/file; exec sleep 100'
    in_pod b --user nobody "$I" sleep 100
    until_true 5 podman exec "$C-a" test -e /dev/shm/file
    pod_status
    p exec "$C-b" sh -c 'hostname; cat /dev/shm/file; ls /sys/class/net; ps -o args | grep -c "^sleep"'
    for kind in net ipc uts pid mnt user; do
        same_as "$(infra_pid)" "$kind" "$C-a"
    done
    podman ps -a --pod --filter "name=^$C" --format '{{.Names}} {{.PodName}} {{.State}}' | sed 's/ Up .*/ Up/' | sort
    podman pod ps --filter "name=^$C" --format '{{.Name}} {{.Status}} {{.NumberOfContainers}} {{.ContainerStatuses}}'
}

s_pod_localhost()
{
    must podman pod create --name "$C-pod" --network none --infra-name "$C-infra"
    in_pod server "$I" sh -c 'while :; do nc -l -p 8080 -e echo answered; done'
    p run --rm --pod "$C-pod" --name "$C-client" "$I" sh -c 'for i in 1 2 3 4 5 6 7 8 9; do nc 127.0.0.1 8080 </dev/null && break; sleep 0.2; done' 2>/dev/null
}

s_pod_pid()
{
    must podman pod create --name "$C-pod" --network none --share pid,net,ipc,uts --infra-name "$C-infra"
    in_pod a "$I" sleep 100
    in_pod b "$I" sleep 101
    p exec "$C-a" ps -o args | grep -cE '^(sleep 10[01]|/catatonit)'
    p exec "$C-a" sh -c 'tr "\0" " " </proc/1/cmdline'
    same_as "$(infra_pid)" pid "$C-a"
    must podman pod stop -t 1 "$C-pod"
    pod_status
}

s_pod_life()
{
    must podman pod create --name "$C-pod" --network none --infra-name "$C-infra"
    must podman create --pod "$C-pod" --name "$C-a" "$I" sh -c 'trap "exit 3" TERM; echo ready; while :; do sleep 0.1; done'
    must podman create --pod "$C-pod" --name "$C-b" "$I" sh -c 'trap "exit 4" TERM; echo ready; while :; do sleep 0.1; done'
    pod_status
    must podman pod start "$C-pod"
    until_log ready "$C-a"
    until_log ready "$C-b"
    pod_status
    must podman pod pause "$C-pod"
    state "$C-a"
    pod_status
    must podman pod unpause "$C-pod"
    pod_status
    must podman pod restart "$C-pod"
    until_true 10 sh -c "test \$(podman logs '$C-a' | grep -c ready) = 2"
    until_true 10 sh -c "test \$(podman logs '$C-b' | grep -c ready) = 2"
    podman top "$C-a" user comm | grep -c '^root  *sh$'
    podman pod top "$C-pod" user comm >/dev/null && echo 'pod top works'
    podman pod stats --no-stream "$C-pod" | sed 1d | wc -l
    must podman pod stop -t 5 "$C-pod"
    state "$C-a"
    state "$C-b"
    state "$C-infra"
    pod_status
    must podman pod kill "$C-pod" 2>/dev/null | sed 's/!!.*/refused/'
    p pod rm "$C-pod" | sed 1d
    exit_code pod exists "$C-pod"
    exit_code container exists "$C-a"
}

s_pod_kill()
{
    must podman pod create --name "$C-pod" --network none --infra-name "$C-infra"
    in_pod a "$I" sh -c 'trap "" TERM; while :; do sleep 0.1; done'
    must podman pod kill "$C-pod"
    until_status exited "$C-a"
    state "$C-a"
    pod_status
    must podman pod rm -f -t 0 "$C-pod"
}

s_pod_limits()
{
    must podman pod create --name "$C-pod" --network none --infra-name "$C-infra" --cpus 0.5 --memory 100m
    in_pod a --memory 50m "$I" sleep 100
    cg memory memory.limit_in_bytes "$C-a"
    path=$(sed -n 's/^[0-9]*:memory:\(.*\)\/[^/]*$/\1/p' "/proc/$(pid_of "$C-a")/cgroup")
    cat "/sys/fs/cgroup/memory$path/memory.limit_in_bytes" "/sys/fs/cgroup/cpu$path/cpu.cfs_quota_us"
    grep ':memory:' "/proc/$(pid_of "$C-a")/cgroup" | cut -d: -f2-
}

s_pod_network()
{
    local at

    at=$(port 11)
    must podman network create --disable-dns "$C-net"
    must podman pod create --name "$C-pod" --network "$C-net" -p "127.0.0.1:$at:80" --infra-name "$C-infra"
    in_pod a "$I" sh -c 'while :; do nc -l -p 80 -e echo answered; done'
    p exec "$C-a" sh -c 'ls /sys/class/net | tr "\n" " "'
    address=$(podman inspect --format '{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}' "$C-infra")
    until_true 10 sh -c "busybox nc -w 2 $address 80 </dev/null | grep answered"
    podman port "$C-infra" | sed "s/$at/N/"
    must podman pod rm -f -t 0 "$C-pod"
    must podman network rm "$C-net"
}

s_pod_without_infra()
{
    must podman pod create --name "$C-pod" --infra=false
    in_pod a --network none "$I" sleep 100
    in_pod b --network none "$I" sh -c 'exit 6'
    until_status exited "$C-b"
    state "$C-b"
    pod_status
}

s_pod_user_namespace()
{
    must podman pod create --name "$C-pod" --network none --uidmap 0:100000:2000 --gidmap 0:100000:2000 --infra-name "$C-infra"
    in_pod a "$I" sleep 100
    p exec "$C-a" sh -c 'cat /proc/self/uid_map; touch /file && stat -c %u:%g /file'
    same_as "$(infra_pid)" user "$C-a"
}

s_pod_volumes()
{
    mkdir dir
    echo host >dir/file
    must podman pod create --name "$C-pod" --network none -v "$D/dir:/data" --infra-name "$C-infra" --add-host other:192.0.2.7
    in_pod a "$I" sleep 100
    p exec "$C-a" sh -c 'cat /data/file; grep other /etc/hosts'
    p run --rm --pod "$C-pod" --name "$C-init" "$I" touch /data/by-another
    ls dir
}

s_pod_init_container()
{
    must podman pod create --name "$C-pod" --network none --infra-name "$C-infra"
    must podman create --pod "$C-pod" --init-ctr always --name "$C-first" -v "$C-v:/shared" "$I" sh -c 'echo first >>/shared/log'
    must podman create --pod "$C-pod" --name "$C-then" -v "$C-v:/shared" "$I" sh -c 'cat /shared/log; sleep 100'
    must podman pod start "$C-pod"
    until_log first "$C-then"
    state "$C-first"
    must podman pod rm -f -t 0 "$C-pod"
    must podman volume rm "$C-v"
}

s_pod_infra_killed()
{
    must podman pod create --name "$C-pod" --network none --infra-name "$C-infra"
    in_pod a "$I" sleep 100
    must podman kill "$C-infra"
    until_status exited "$C-infra"
    state "$C-infra"
    state "$C-a"
    p exec "$C-a" echo 'goes on'
    must podman pod start "$C-pod"
    state "$C-infra"
}

s_pod_crash_and_back()
{
    must podman pod create --name "$C-pod" --network none --infra-name "$C-infra" --exit-policy stop
    in_pod a "$I" sh -c 'sleep 0.3; exit 9'
    until_status exited "$C-a"
    until_true 10 sh -c "podman pod inspect '$C-pod' --format '{{.State}}' | grep -qx Exited"
    state "$C-a"
    pod_status
}

kube_yaml() {
    cat >pod.yaml <<YAML
apiVersion: v1
kind: Pod
metadata:
  name: $C-pod
  labels:
    app: test
spec:
  hostname: kube-host
  restartPolicy: Never
  initContainers:
  - name: prepare
    image: "$I"
    command: ["sh", "-c", "echo prepared >/shared/prepared"]
    volumeMounts:
    - name: shared
      mountPath: /shared
  containers:
  - name: writer
    image: "$I"
    command: ["sh", "-c"]
    args: ["echo \$GREETING >/shared/greeting; exec sleep 100"]
    env:
    - name: GREETING
      value: "hello world"
    resources:
      limits:
        memory: 64Mi
        cpu: 500m
    volumeMounts:
    - name: shared
      mountPath: /shared
  - name: reader
    image: "$I"
    command: ["sh", "-c", "until [ -e /host/go ]; do sleep 0.1; done; cat /shared/greeting /shared/prepared; exec sleep 100"]
    workingDir: /tmp
    securityContext:
      runAsUser: 1000
      runAsGroup: 2000
      readOnlyRootFilesystem: true
      allowPrivilegeEscalation: false
      capabilities:
        drop: [ALL]
        add: [NET_RAW]
    livenessProbe:
      exec:
        command: ["true"]
    volumeMounts:
    - name: shared
      mountPath: /shared
      readOnly: true
    - name: host
      mountPath: /host
  volumes:
  - name: shared
    persistentVolumeClaim:
      claimName: $C-claim
  - name: host
    hostPath:
      path: $D/host
      type: Directory
YAML
}

s_kube_play()
{
    mkdir host
    kube_yaml
    must podman play kube --network none pod.yaml
    touch host/go
    until_log prepared "$C-pod-reader"
    podman logs "$C-pod-reader"
    state "$C-pod-writer"
    state "$C-pod-reader"
    cg memory memory.limit_in_bytes "$C-pod-writer"
    cg cpu cpu.cfs_quota_us "$C-pod-writer"
    p exec "$C-pod-reader" sh -c 'hostname; id; pwd; grep -E "^(Cap(Eff|Bnd|Amb)|NoNewPrivs)" /proc/self/status; touch /x 2>&1; touch /shared/x 2>&1'
    p exec "$C-pod-writer" sh -c 'ls /shared; echo $GREETING'
    pod_status
    must podman play kube --down pod.yaml
    exit_code pod exists "$C-pod"
    must podman volume rm -f "$C-claim"
}

s_kube_generate()
{
    must podman pod create --name "$C-pod" --network none --infra-name "$C-infra"
    in_pod a --env A=1 --user 5 -m 32m "$I" sleep 100
    podman generate kube "$C-pod" >pod.yaml
    must podman pod rm -f -t 0 "$C-pod"
    must podman play kube --network none pod.yaml
    podman ps --filter "name=^$C" --format '{{.Names}} {{.State}}' | sed 's/ Up .*/ Up/' | grep -v infra | sort
    p exec "$C-pod-${C}-a" sh -c 'echo $A; id -u'
    must podman play kube --down pod.yaml
}

s_kube_deployment()
{
    cat >deployment.yaml <<YAML
apiVersion: apps/v1
kind: Deployment
metadata:
  name: $C
spec:
  replicas: 2
  selector:
    matchLabels:
      app: test
  template:
    metadata:
      labels:
        app: test
    spec:
      containers:
      - name: one
        image: "$I"
        command: ["sleep", "100"]
YAML
    must podman play kube --network none deployment.yaml
    podman pod ps --filter "name=^$C" --format '{{.Name}} {{.Status}} {{.NumberOfContainers}}' | sort
    must podman play kube --down deployment.yaml
    podman pod ps --filter "name=^$C" --format '{{.Name}}' | wc -l
}
