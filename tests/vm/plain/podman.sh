#!/bin/bash
# Podman on the second kernel, with cgroups of its own making: scenarios of tests/engines/podman.
export ENGINE_JOBS=1 SCENARIO_LIMIT=150 PODMAN_IMAGES=busybox
export ONLY="${ONLY:-^(run_exit_code|run_privileged|exec_limits|limits_pids|life_oom|run_user)$}"
exec bash "$(dirname "$0")/../../engines/podman.sh"
