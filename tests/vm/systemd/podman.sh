#!/bin/bash
# Podman as it is by default on a host with systemd, whose scopes and slices it asks for: scenarios of tests/engines/podman.
export ENGINE_JOBS=1 SCENARIO_LIMIT=150 PODMAN_IMAGES=busybox PODMAN_CGROUPS=systemd
short='run_exit_code|exec_limits|life_stop|pod_limits'
[ "${VM_SUITES:-}" != all ] || short+='|exec_exit_code|life_stats|life_pause|pod_life'
export ONLY="${ONLY:-^($short)$}"
exec bash "$(dirname "$0")/../../engines/podman.sh"
