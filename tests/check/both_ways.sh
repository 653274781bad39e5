#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# All threads on one kernel thread, or each on its own that waits for a baton; one process for many schedules, or one for
# each: the same orders give the same schedule. What is found by one is run again by the other, and its path must be the
# recorded one. both_ways.sh PROGRAM…
set -euo pipefail
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
failures=0

complain() {
    echo "FAILED: $*"
    sed 's/^/    /' out
    failures=$((failures + 1))
}

# both PROGRAM FOUND-WITH… -- REPLAYED-WITH…
both() {
    local program=$1 first=() status=0
    shift
    while [[ $1 != -- ]]; do
        first+=("$1")
        shift
    done
    shift
    "$HEDDLE" check -j 1 --schedules 300 --no-minimise --replay-file replay "${first[@]}" "$program" >out 2>&1 || status=$?
    [[ $status -eq 1 ]] || { complain "$program ${first[*]}: status $status, nothing found"; return; }
    status=0
    "$HEDDLE" check --replay replay "$@" >out 2>&1 || status=$?
    [[ $status -eq 1 ]] || complain "$program replayed ${*:-without an option}: status $status"
    ! grep '^note:' out || complain "$program replayed ${*:-without an option}: another path"
}

for program; do
    both "$program" -- --baton
    both "$program" --baton --
    both "$program" --fork --
    both "$program" -- --fork
done
exit $((failures > 0))
