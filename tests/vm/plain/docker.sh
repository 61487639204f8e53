#!/bin/bash
# Docker on the second kernel: scenarios of tests/engines/docker that pure cgroup v2, AppArmor and all capabilities make different.
# One after the other, since the machine has one slow processor.
export ENGINE_JOBS=1 SCENARIO_LIMIT=150
export ONLY="${ONLY:-^(exec_limits|privileged|privileged_devices|memory|pids_limit|oom|update_memory|pause|stats_pids|propagation_shared|security_opt_apparmor)$}"
exec bash "$(dirname "$0")/../../engines/docker.sh"
