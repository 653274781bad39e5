#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# The checker finds nothing in a correct program: correct.sh PROGRAM "" [OPTION…]
set -euo pipefail
program=$1
shift 2
exec "$HEDDLE" check --schedules 1000 --time 60 --replay-file /dev/null "$@" "$program"
