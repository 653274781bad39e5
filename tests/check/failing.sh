#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# The checker finds the failure that a program has, and its replay file shows it again: failing.sh PROGRAM KIND [OPTION…]
set -euo pipefail
program=$1 kind=$2
shift 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

status=0
"$HEDDLE" check --schedules 5000 --time 60 --replay-file "$scratch/replay" --json "$@" "$program" >"$scratch/out" || status=$?
[[ $status -eq 1 ]] || { echo "heddle check ended with status $status"; cat "$scratch/out"; exit 1; }
found=$(sed -n 's/^  *"kind": "\(.*\)",\{0,1\}$/\1/p' "$scratch/out" | head -n 1)
[[ $found == "$kind" ]] || { echo "found '$found', expected '$kind'"; cat "$scratch/out"; exit 1; }

for _ in 1 2 3; do
    status=0
    "$HEDDLE" check --replay "$scratch/replay" >"$scratch/out" || status=$?
    [[ $status -eq 1 ]] || { echo "the replay ended with status $status"; cat "$scratch/out"; exit 1; }
    ! grep -q 'another path' "$scratch/out" || { cat "$scratch/out"; exit 1; }
done
cat "$scratch/out"
