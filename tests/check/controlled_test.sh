#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# A program that is linked with heddle knows whether the checker was loaded into it: controlled_test.sh PROGRAM
set -euo pipefail
program=$1
status=0
"$program" || status=$?
[[ $status -eq 3 ]] || { echo "by itself the program ended with $status"; exit 1; }
"$HEDDLE" check --schedules 10 --replay-file /dev/null "$program"
