#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Interrupts, and processes that are killed: nothing is left behind, and what happened is said.
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

ticks() { # PID – CPU time used so far, in hundredths of a second; 0 if it has gone
    local stat
    stat=$(cat "/proc/$1/stat" 2>/dev/null) || { echo 0 && return; }
    # shellcheck disable=SC2086 # the fields after the name, which may have blanks
    set -- ${stat##*) }
    echo $((${12} + ${13}))
}

# Finds a marked process that computes and has no children: $busy. The command itself, $command, is none.
busy=
find_busy() {
    local pid
    for pid in $(started); do
        [[ $pid -ne $command && -z $(cat /proc/"$pid"/task/*/children 2>/dev/null) ]] || continue
        [[ $(ticks "$pid") -lt 10 ]] || { busy=$pid && return 0; }
    done
    # It may be over before a slow machine has looked.
    kill -0 "$command" 2>/dev/null || fail "the command ended before anything was killed"
    return 1
}

# Starts the command in the background, as the leader of a process group as a shell's job is: $command.
command=
start() {
    set -m
    "${marked[@]}" "$HEDDLE" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null &
    command=$!
    set +m
}

finish() { # EXIT_CODE
    local code=0
    wait "$command" || code=$?
    [[ $code -eq $1 ]] || fail "exit code $code, not $1"
    # Workers end because those who started them do, which may be a moment later.
    eventually "all processes have gone" nothing_left
}

# Enough to compute for many seconds, in items of a fraction of a second.
long=60000000

test_a_worker_killed_while_it_runs_costs_its_item_a_second_try() {
    # Long enough for a busy machine to find it and kill it before its last item.
    start compare primes 20000000 --models processes --workers 2 --repeat 1 --json
    eventually "a busy worker" find_busy
    kill -KILL "$busy"
    finish 0
    [[ $(json length notes) -eq 1 ]] || fail "not one note"
    local note
    note=$(json get notes 0)
    [[ $note == *"$busy"* && $note == *'signal 9'* ]] || fail "the note does not say what happened: $note"
    expect_json 1270607 answer number
}

test_a_run_that_is_killed_is_reported_and_the_others_go_on() {
    start compare primes 20000000 --models sequential,threads --repeat 1 --json
    eventually "a busy run" find_busy
    kill -KILL "$busy"
    finish 1
    [[ $(json length models 0 failures) -eq 1 ]] || fail "the failure is not reported"
    [[ $(json get models 0 failures 0) == *'signal 9'* ]] || fail "the failure does not say why"
    expect_json OFF models 0 ok
    expect_json ON models 1 ok
    expect_json 1270607 answer number
}

interrupt_ends_everything() { # SIGNAL MODEL
    start compare primes "$long" --models "$2" --workers 2 --repeat 1
    eventually "a busy process" find_busy
    kill "-$1" -- "-$command"
    finish 130
    [[ ! -s $scratch/out ]] || fail "something on standard output"
    one_line_with interrupted
}

test_an_interrupt_ends_a_sequential_run() { interrupt_ends_everything INT sequential; }
test_an_interrupt_ends_threads() { interrupt_ends_everything INT threads; }
test_an_interrupt_ends_worker_processes() { interrupt_ends_everything INT processes; }
test_an_interrupt_ends_coroutines() { interrupt_ends_everything INT coroutines; }
test_a_request_to_terminate_ends_worker_processes() { interrupt_ends_everything TERM processes; }

waiting() { [[ $(started | wc -l) -ge 4 ]]; }

test_an_interrupt_ends_work_that_waits() {
    start compare sleep 10 --latency 60000 --models processes --workers 2 --repeat 1
    eventually "workers" waiting
    kill -INT -- "-$command"
    finish 130
}

# The port on loopback at which a process listens: $port.
port=
listening() {
    local link inode hex
    for link in /proc/"$1"/fd/*; do
        inode=$(readlink "$link" 2>/dev/null) || continue
        [[ $inode == socket:* ]] || continue
        inode=${inode#socket:[}
        hex=$(awk -v "inode=${inode%]}" '$10 == inode && $4 == "0A" { sub(/.*:/, "", $2); print $2 }' /proc/net/tcp)
        [[ -z $hex ]] || { port=$((16#$hex)) && return 0; }
    done
    return 1
}

# Whether a process has an established connection.
connected() {
    local link inode
    for link in /proc/"$1"/fd/*; do
        inode=$(readlink "$link" 2>/dev/null) || continue
        [[ $inode == socket:* ]] || continue
        inode=${inode#socket:[}
        if awk -v "inode=${inode%]}" '$10 == inode && $4 == "01" { found = 1 } END { exit !found }' /proc/net/tcp; then
            return 0
        fi
    done
    return 1
}

# The server of one command, which takes its time, hangs for another.
test_an_interrupt_ends_the_wait_for_a_server_that_hangs() {
    start compare fetch 1 --latency 60000 --timeout 3600 --models sequential --repeat 1
    local server=$command give_up code=0
    eventually "the server" listening "$server"
    start compare fetch --url "http://127.0.0.1:$port/" --timeout 3600 --models sequential
    eventually "the request" connected "$command"
    kill -INT -- "-$command"
    give_up=$((SECONDS + 20))
    while kill -0 "$command" 2>/dev/null && [[ $SECONDS -lt $give_up ]]; do sleep 0.02; done
    if kill -0 "$command" 2>/dev/null; then
        kill -KILL "$command" "$server"
        fail "one ^C does not end it"
    fi
    wait "$command" || code=$?
    kill -KILL "$server"
    [[ $code -eq 130 ]] || fail "exit code $code, not 130"
    wait "$server" || true
    eventually "all to end" nothing_left
}

test_nothing_survives_the_command_being_killed() {
    start compare primes "$long" --models processes --workers 2 --repeat 1
    eventually "a busy worker" find_busy
    kill -KILL "$command"
    wait "$command" || true
    eventually "all processes to end" nothing_left
}

run_test "$@"
