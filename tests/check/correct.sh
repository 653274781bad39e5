#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# The checker finds nothing in a correct program: correct.sh PROGRAM "" [OPTION…]
set -euo pipefail
program=$1
shift 2
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
[[ " $* " == *" --schedules "* ]] || set -- --schedules 1000 "$@"
"$HEDDLE" check --time 60 --replay-file "$scratch/replay" "$@" "$program"
