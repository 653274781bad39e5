#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# What a terminal sees.
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

# on_terminal EXIT_CODE ARGUMENT… – runs the command on a terminal of its own, what it writes there in $scratch/out.
on_terminal() {
    command -v script >/dev/null || skip "script(1) is missing, which makes a terminal"
    local wanted=$1 code=0
    shift
    "${marked[@]}" script -qec "$(printf '%q ' "$HEDDLE" "$@")" /dev/null >"$scratch/out" </dev/null || code=$?
    [[ $code -eq $wanted ]] || fail "exit code $code, not $wanted"
}

# After everything that was written the cursor is there again.
cursor_is_back() {
    local hidden shown
    hidden=$(grep -aobF $'\033[?25l' "$scratch/out" | tail -n 1 | cut -d: -f1) || true
    shown=$(grep -aobF $'\033[?25h' "$scratch/out" | tail -n 1 | cut -d: -f1) || true
    [[ -z $hidden ]] || [[ -n $shown && $shown -gt $hidden ]] || fail "the cursor stays hidden"
}

test_a_terminal_sees_progress_and_gets_its_cursor_back() {
    on_terminal 0 compare sleep 20 --latency 20 --repeat 1
    grep -qa '\[=*  *\]' "$scratch/out" || fail "no progress bar"
    grep -qaF $'\033[?25l' "$scratch/out" || fail "the cursor was not hidden"
    cursor_is_back
    nothing_left || fail "processes are left behind"
}

# Finds the command, whose parent is no such process, once it has started others: $command.
command=
find_command() {
    local pids pid
    mapfile -t pids < <(started)
    [[ ${#pids[@]} -ge 3 ]] || return 1
    for pid in "${pids[@]}"; do
        [[ " ${pids[*]} " == *" $(sed -n 's/^PPid:\t//p' "/proc/$pid/status" 2>/dev/null) "* ]] || command=$pid
    done
}

interrupted_on_a_terminal() { # TIMES
    command -v script >/dev/null || skip "script(1) is missing, which makes a terminal"
    local terminal i code=0
    "${marked[@]}" script -qec "$(printf '%q ' "$HEDDLE" compare sleep 10 --latency 60000 --repeat 1)" /dev/null \
        >"$scratch/out" </dev/null &
    terminal=$!
    eventually "the command" find_command
    eventually "the progress bar" grep -qaF '[ ' "$scratch/out"
    for ((i = 0; i < $1; i++)); do kill -INT "$command" 2>/dev/null || true; done
    wait "$terminal" || code=$?
    [[ $code -eq 130 ]] || fail "exit code $code, not 130"
    cursor_is_back
    eventually "all processes to end" nothing_left
}

test_an_interrupt_restores_the_terminal() { interrupted_on_a_terminal 1; }
test_a_second_interrupt_restores_the_terminal_too() { interrupted_on_a_terminal 2; }

run_test "$@"
