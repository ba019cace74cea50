#!/bin/sh
# Shows that the tests hold on a busy machine: runs all of them again and again, each time in another random order.
# Prints a line for each run; ends with 1 when any has failed, and keeps what those have printed.
# usage: scripts/prove-tests.sh [runs beside two busy loops: 10] [runs on one core: 5]
set -eu

cd -- "$(dirname -- "$0")/.."
beside=${1:-10}
on_one_core=${2:-5}
sh scripts/bootstrap.sh test

logs=$(mktemp -d)
loops=
stop_loops() {
    for loop in $loops; do kill "$loop" 2>/dev/null || true; done
    loops=
}
trap stop_loops EXIT
trap 'exit 130' HUP INT TERM

failed=0
# usage: prove <what is special> <number of the run> [what goes before the command ...]
prove() {
    name="$1 $2"
    log="$logs/$1-$2.txt"
    shift 2
    began=$(date +%s)
    result=passed
    PYTEST_ADDOPTS="--randomly-seed=$began" "$@" sh scripts/test.sh >"$log" 2>&1 || result=FAILED
    took=$(($(date +%s) - began))
    counts=$(sed -n -E 's/^=+ (.*(passed|failed|error).*) in .*/\1/p' "$log" | tr '\n' ';')
    echo "$name: $result, seed $began, $took s; ${counts%;}"
    if [ "$result" = passed ]; then rm "$log"; else failed=$((failed + 1)); fi
}

if [ "$beside" -gt 0 ]; then
    for _ in 1 2; do
        while :; do :; done &
        loops="$loops $!"
    done
    for number in $(seq "$beside"); do prove busy "$number"; done
    stop_loops
fi
for number in $(seq "$on_one_core"); do prove one-core "$number" taskset --cpu-list 0; done

if [ "$failed" = 0 ]; then
    rmdir "$logs"
else
    echo "$failed of $((beside + on_one_core)) runs have failed; what they have printed is in $logs"
    exit 1
fi
