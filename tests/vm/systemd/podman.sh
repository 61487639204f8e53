#!/bin/bash
# Podman as it is by default on a host with systemd, whose scopes and slices it asks for: scenarios of tests/engines/podman.
export ENGINE_JOBS=1 ENGINE_TIMES=1 SCENARIO_LIMIT=150 PODMAN_IMAGES=busybox PODMAN_CGROUPS=systemd
short='run_exit_code|exec_limits'
[ "${VM_SUITES:-}" != all ] || short+='|exec_exit_code|life_stop|life_stats|life_pause|pod_life|pod_limits'
export ONLY="${ONLY:-^($short)$}"
exec bash "$(dirname "$0")/../../engines/podman.sh"
