#!/bin/bash
# Docker on the second kernel: AppArmor (tests/vm/docker-apparmor.sh), and scenarios of tests/engines/docker that pure cgroup v2, AppArmor
# and all capabilities make different.
# One after the other, since the machine has one slow processor.
export ENGINE_JOBS=1 ENGINE_TIMES=1 SCENARIO_LIMIT=150
short='privileged|propagation_shared'
[ "${VM_SUITES:-}" != all ] || short+='|update_memory|privileged_devices|memory|pids_limit|oom|pause|stats_pids|security_opt_apparmor'
export ONLY="${ONLY:-^($short)$}"
BEFORE_SCENARIOS=$(cd "$(dirname "$0")/.." && pwd)/docker-apparmor.sh
export BEFORE_SCENARIOS
exec bash "$(dirname "$0")/../../engines/docker.sh"
