#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# What tools/gdb_fibers.py shows of a program: run.sh SCRIPT PROGRAM PROGRAM_WITHOUT_TYPES
set -euo pipefail
script=$1 program=$2 without_types=$3

command -v gdb >/dev/null || { echo "skipped: there is no gdb"; exit 77; }
debug() {
    local of=$1
    shift
    gdb -nx -batch -ex "set pagination off" -ex "set width 0" -ex "source $script" "$@" "$of" 2>&1 || true
}
if ! debug /bin/true -ex run | grep -q 'exited normally'; then
    echo "skipped: gdb cannot run a program here"
    exit 77
fi

status=0
expect() {  # NAME PATTERN TEXT
    grep -qE "$2" <<<"$3" && return
    printf '%s: nothing there that matches %s:\n%s\n' "$1" "$2" "$3"
    status=1
}
refuse() {
    grep -qE "$2" <<<"$3" || return 0
    printf '%s: there is something that matches %s:\n%s\n' "$1" "$2" "$3"
    status=1
}

shown=$(debug "$program" -ex run -ex "info fibers")
expect "the tasks" "task [0-9]+ 'waiter 0', waits at 0x" "$shown"
expect "the tasks" "task [0-9]+ 'waiter 1', waits at 0x" "$shown"
expect "the user's frames" '#[0-9]+ .*waits_deep_inside' "$shown"
expect "the user's frames" '#[0-9]+ .*what_the_task_calls' "$shown"
refuse "heddle's frames" '#[0-9]+ .*(park|fiber::suspend|pool_fiber)' "$shown"

full=$(debug "$program" -ex run -ex "fiber-backtrace 1 full")
expect "the whole stack" '#0 .*heddle' "$full"
expect "the whole stack" '#[0-9]+ .*waits_deep_inside' "$full"
expect "the whole stack" '#[0-9]+ .*pool_fiber::body' "$full"
expect "one that is not there" 'there is no fiber 9' "$(debug "$program" -ex run -ex "fiber-backtrace 9")"

expect "no types" 'build it with -g' "$(debug "$without_types" -ex "break main" -ex run -ex "info fibers")"
refuse "no types" 'Traceback|Python Exception' "$(debug "$without_types" -ex "break main" -ex run -ex "info fibers")"
expect "no heddle" 'there is no heddle in this program' "$(debug /bin/true -ex "info fibers")"
exit $status
