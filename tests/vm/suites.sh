#!/bin/bash
# In the guest: run suites one after the other, the logs of each to the host's directory, as tests/run.sh reads them.
#     tests/vm/suites.sh SECONDS SUITE/NAME...        each at most SECONDS
# DIR/SUITE-NAME.log, .status and .ms; the first only when it is whole.
limit=$1
shift
for suite in "$@"; do
    name=${suite//\//-}
    begin=$(date +%s%N)
    timeout -k 20 "$limit" bash "tests/$suite.sh" >"/tmp/$name.log" 2>&1 </dev/null
    echo "$?" >"/vm-out/$name.status"
    echo $((($(date +%s%N) - begin) / 1000000)) >"/vm-out/$name.ms"
    cp "/tmp/$name.log" "/vm-out/$name.log.part" && mv "/vm-out/$name.log.part" "/vm-out/$name.log"
    echo "$suite $(<"/vm-out/$name.status") $(<"/vm-out/$name.ms") ms"
done
