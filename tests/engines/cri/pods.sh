# shellcheck shell=bash
# shellcheck disable=SC2016 # what the container's shell reads
# Sandboxes: their life, the namespaces that containers share in them, their network.

s_life()
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
