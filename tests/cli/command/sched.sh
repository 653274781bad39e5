#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# heddle sched, as a user runs it.
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

convoy() { printf 'P1 0 24\nP2 0 3\nP3 0 3\n' >"$scratch/convoy"; }

test_sched_compares_policies_and_marks_the_best() {
    convoy
    run 0 sched "$scratch/convoy" --policy fcfs,sjf,rr:4
    grep -qE '^sjf +13\* +3\* +3\*' "$scratch/out" || fail "the best is not marked"
    grep -qE '^rr:4 +15.67 +5.667 +3.667' "$scratch/out" || fail "round robin's figures are wrong"
    grep -qF 'CPU 0 |P1' "$scratch/out" || fail "there is no chart"
}

test_sched_prints_the_same_every_time() {
    run 0 sched --generate "poisson n=50 seed=4" --policy fcfs,lottery:3,mlfq:2,4 --cpus 2 --json
    cp "$scratch/out" "$scratch/once"
    run 0 sched --generate "poisson n=50 seed=4" --policy fcfs,lottery:3,mlfq:2,4 --cpus 2 --json
    cmp -s "$scratch/once" "$scratch/out" || fail "another output"
    expect_json "mlfq:2,4" policies 2 policy
}

test_sched_reads_standard_input_and_prints_csv() {
    convoy
    "$HEDDLE" sched - --policy fcfs --csv <"$scratch/convoy" >"$scratch/out" || fail "it failed"
    grep -qxF 'fcfs,P3,0,0,27,30,30,27,27,3,0,0,,0' "$scratch/out" || fail "not the third job"
}

test_sched_writes_pages_that_are_whole() {
    convoy
    run 0 sched "$scratch/convoy" --html "$scratch/page.html" --svg "$scratch/chart.svg" --trace "$scratch/trace.json"
    grep -q '</html>' "$scratch/page.html" || fail "the page has no end"
    ! grep -qE '(src|href)=' "$scratch/page.html" || fail "the page needs something else"
    grep -q '</svg>' "$scratch/chart.svg" || fail "the picture has no end"
    grep -q traceEvents "$scratch/trace.json" || fail "not a trace"
    refused "--html: give the name of a file" sched "$scratch/convoy" --html ""
    refused "cannot write $scratch/no/page" sched "$scratch/convoy" --html "$scratch/no/page"
}

test_sched_refuses_what_it_cannot_do() {
    convoy
    refused 'which workload?' sched
    refused "cannot read $scratch/nope: No such file" sched "$scratch/nope"
    refused "'fsfc' is not known; there are fcfs" sched "$scratch/convoy" --policy fsfc
    refused "'4x' is not a duration such as 4 or 10ms" sched "$scratch/convoy" --policy rr:4x
    refused "--quantum: 'soon' is not a duration" sched "$scratch/convoy" --quantum soon
    refused "either --json or --csv" sched "$scratch/convoy" --json --csv
    refused "there is no case 'nope'" sched --textbook nope
    refused "'uniform' is not known" sched --generate uniform
    echo 'P1 zero 24' >"$scratch/bad"
    refused "$scratch/bad:1: expected when the task arrives" sched "$scratch/bad"
    refused "is not the number of a task" sched --renice me 5
    refused "from -20 to 19" sched --renice $$ 40
    refused "is not a class" sched --set $$ quick
    refused "No such process" sched --renice 2147483646 5
}

test_sched_does_not_mix_units() {
    convoy
    printf 'A 0 30ms\nB 0 30ms\n' >"$scratch/ms"
    refused "'4' has no unit, and the times of the workload have one; write 4ms or 4us" sched "$scratch/ms" -p rr:4
    refused "--until: '10' has no unit" sched "$scratch/ms" --until 10
    refused "--quantum: '4' has no unit" sched "$scratch/ms" -q 4
    refused "--switch-cost: '1' has no unit" sched "$scratch/ms" --switch-cost 1
    refused "'4ms' has a unit, and the times of the workload have none; write 4" sched "$scratch/convoy" -p rr:4ms
    refused "--until: '10ms' has a unit" sched "$scratch/convoy" --until 10ms
    refused "'1.7' is not a whole number" sched "$scratch/convoy" -p rr:1.7
    refused "linux counts real time" sched "$scratch/convoy" -p linux
    run 0 sched "$scratch/ms" -p rr:4ms -q 4ms --until 1s
}

test_sched_knows_queues_of_queues() {
    printf 'a 0 5 0\nb 0 5 1\nc 1 3 0\n' >"$scratch/levels"
    run 0 sched "$scratch/levels" --policy mlq:levels=rr/4,fcfs:shares=8,2,sjf --json
    [[ $(json length policies) -eq 2 ]] || fail "not two policies"
    expect_json mlq:levels=rr/4,fcfs:shares=8,2 policies 0 policy
    run 0 sched "$scratch/levels" --policy mlq:levels=rr/4,fcfs --json
    [[ $(json length policies) -eq 1 ]] || fail "not one policy"
    # Priority is the level, and 0 the top.
    run 0 sched "$scratch/levels" --policy mlq:levels=rr/4,fcfs --explain
    grep -qF 'at t=8 b begins' "$scratch/out" || fail "the upper level does not go first"
    refused "'/' is not understood by rr" sched "$scratch/levels" -p rr:/
    refused "'/' is not understood by mlfq" sched "$scratch/levels" -p mlfq:/
}

test_sched_warns_of_bursts_that_are_whole_quanta() {
    printf 'A 0 35ms\nB 0 35ms\n' >"$scratch/cliff"
    run 0 sched "$scratch/cliff" -p rr:7ms
    grep -qE '^warning: under rr:7ms, A and 1 more run' "$scratch/out" || fail "no warning"
    run 0 sched "$scratch/cliff" -p rr:6ms
    ! grep -q '^warning:' "$scratch/out" || fail "a warning without a reason"
    run 0 sched "$scratch/cliff" -p rr:7ms --json
    [[ $(json get notes 0) == warning:* ]] || fail "no warning in the JSON"
}

test_sched_runs_a_workload_for_real() {
    convoy
    run 0 sched --live "$scratch/convoy" --policy fcfs,sjf --unit 500us
    for line in '^fcfs, predicted' '^sjf, measured' '^P1 +12.0 ms' '^P2 +1.5 ms' '^errors are (within|beyond)'; do
        grep -qE "$line" "$scratch/out" || fail "nothing like $line"
    done
    run 0 sched --live "$scratch/convoy" --policy rr:4 --unit 500us --json --html "$scratch/live.html"
    [[ $(json length policies) -eq 2 ]] || fail "not predicted and measured"
    grep -q '</html>' "$scratch/live.html" || fail "the page has no end"
    run 0 sched --live "$scratch/convoy" --policy rr:3 --unit 500us
    grep -qE '^warning: under rr:3, P1 and 2 more run' "$scratch/out" || fail "no warning of whole quanta"
    refused "--unit is for --live" sched "$scratch/convoy" --unit 1ms
    refused "a pool has one queue" sched --live "$scratch/convoy" --steal
    refused "a pool has one queue" sched --live "$scratch/convoy" --switch-cost 1
    refused "--live prints charts" sched --live "$scratch/convoy" --csv
    refused "--unit: '1' has no unit" sched --live "$scratch/convoy" --unit 1
    refused "is too short" sched --live "$scratch/convoy" --unit 1ns
    refused "which workload?" sched --live
    printf 'A 0 5ms\n' >"$scratch/ms"
    refused "leave --unit out" sched --live "$scratch/ms" --unit 1ms
    printf 'A 0 5ms cpus=0\n' >"$scratch/bound"
    refused "A may run on some CPUs only" sched --live "$scratch/bound"
    refused "more than ten minutes" sched --live "$scratch/convoy" --unit 60s
}

test_sched_does_not_run_what_would_never_end() {
    printf 'P1 0 lock a run 2 lock b run 1 unlock b unlock a\nP2 0 lock b run 2 lock a run 1 unlock a unlock b\n' >"$scratch/locks"
    refused "rr:1 would never end: P1 waits for b, which P2 has; P2 waits for a, which P1 has" sched --live "$scratch/locks" -p rr:1
}

test_sched_says_when_there_is_no_room() {
    [[ -c /dev/full ]] || skip "there is no /dev/full"
    convoy
    local how status
    for how in "$scratch/convoy" "$scratch/convoy --json" "--textbook" "--textbook convoy" "--live $scratch/convoy --unit 100us" --ps; do
        status=0
        # shellcheck disable=SC2086 # several words
        "$HEDDLE" sched $how >/dev/full 2>"$scratch/err" || status=$?
        [[ $status -eq 1 ]] || fail "$how: status $status"
        one_line_with "No space left on device"
    done
    for how in --svg --html --trace; do
        refused "cannot write /dev/full: No space left on device" sched "$scratch/convoy" $how /dev/full
    done
}

test_sched_tells_of_a_deadlock() {
    printf 'P1 0 lock a run 2 lock b unlock b unlock a\nP2 0 lock b run 2 lock a unlock a unlock b\n' >"$scratch/locks"
    run 1 sched "$scratch/locks" --policy rr:1
    grep -qF 'rr:1: deadlock: P1 waits for b, which P2 has' "$scratch/out" || fail "the deadlock is not told"
}

test_sched_knows_the_textbooks() {
    run 0 sched --textbook
    local name
    for name in $(sed '$d' "$scratch/out" | cut -d' ' -f1); do run 0 sched --textbook "$name"; done
    run 0 sched --textbook convoy
    grep -qF "at t=4 P1's quantum ends; ready: P1, P2, P3" "$scratch/out" || fail "it is not explained"
}

test_sched_textbook_takes_another_machine() {
    run 0 sched --textbook inversion --inherit --json
    local inherited
    inherited=$(json get policies 0 tasks 1 turnaround mean)
    run 0 sched --textbook inheritance --json
    [[ $(json get policies 0 tasks 1 turnaround mean) == "$inherited" ]] || fail "--inherit is not heeded"
    run 0 sched --textbook inversion --json
    [[ $(json get policies 0 tasks 1 turnaround mean) != "$inherited" ]] || fail "the case itself has inheritance"
    run 0 sched --textbook convoy --switch-cost 1 -c 2 --json
    expect_json 2 policies 0 cpus
    holds "$(json get policies 3 overhead) > 0"
    refused "has its own workload; leave out" sched --textbook convoy some_file
    refused "has its own workload; leave out --generate" sched --textbook convoy -g poisson
    refused "give one of --textbook, --record" sched --textbook convoy --live
    refused "leave out --format" sched --textbook convoy --format csv
    refused "which case?" sched --textbook --csv
}

test_sched_lists_tasks_as_ps_does() {
    run 0 sched --ps
    local line
    line=$(grep -E "^ *$$ +$$ " "$scratch/out") || fail "this shell is not listed"
    read -r _ _ class priority _ nice _ <<<"$line"
    [[ $class == TS ]] || skip "this shell is not of the usual class"
    [[ "$class $priority $nice" == "$(ps -o cls=,pri=,nice= -p $$ | xargs)" ]] || fail "not what ps says: $line"
}

test_sched_lists_tasks_while_others_end() {
    local others=() i
    for i in 1 2 3 4; do
        (while :; do /bin/true; done) &
        others+=($!)
    done
    # shellcheck disable=SC2064 # now
    trap "kill ${others[*]}; rm -rf '$scratch'" EXIT
    for ((i = 0; i < 60; ++i)); do run 0 sched --ps; done
}

test_sched_changes_the_nice_value_of_a_task() {
    local nice
    nice=$(ps -o nice= -p $$ | xargs)
    [[ $nice -lt 19 ]] || skip "this shell is as nice as can be"
    run 0 sched --renice $$ $((nice + 1))
    grep -qF "nice $((nice + 1))" "$scratch/out" || fail "not told"
    [[ $(ps -o nice= -p $$ | xargs) == "$((nice + 1))" ]] || fail "not changed"
}

test_sched_changes_nothing_else_of_a_task() {
    sleep 300 &
    local task=$!
    # shellcheck disable=SC2064 # now
    trap "kill $task; rm -rf '$scratch'" EXIT
    run 0 sched --set $task other:5 --json
    expect_json 5 nice
    if [[ -r /proc/$task/sched ]]; then
        # A slice that nobody has set goes on following the kernel's own: what is usual is what this shell has.
        [[ $(grep -F se.slice /proc/$task/sched | tr -d ' ') == "$(grep -F se.slice /proc/$$/sched | tr -d ' ')" ]] || fail "another slice"
    fi
    run 0 sched --set $task slice:3ms --json
    [[ $(json get slice_ns) -eq 3000000 ]] || skip "this kernel has no slices"
    run 0 sched --set $task batch:6 --json
    expect_json B class
    expect_json 6 nice
    expect_json 3000000 slice_ns
    refused "with --json give one of" sched --set $task other:5 --ps --json
    refused "only --json goes" sched --ps some_file
    chrt --rr --reset-on-fork --pid 5 $task 2>/dev/null || skip "that takes CAP_SYS_NICE"
    run 0 sched --set $task fifo:7
    [[ $(chrt -p $task) == *'SCHED_FIFO|SCHED_RESET_ON_FORK'* ]] || fail "its children are not ordinary any more"
}

no_trace_left() {
    ! compgen -G '/sys/kernel/tracing/instances/heddle-*' >/dev/null
}

test_sched_record_cleans_up_when_it_is_interrupted() {
    [[ $(id -u) -eq 0 ]] || skip "recording takes root"
    no_trace_left || skip "somebody else records, or has left something"
    printf 'A 0 30s\n' >"$scratch/long"
    local signal status
    for signal in INT TERM; do
        for how in "$scratch/long" "-- sleep 30"; do
            # shellcheck disable=SC2086 # several words
            "${marked[@]}" "$HEDDLE" sched --record $how >"$scratch/out" 2>"$scratch/err" </dev/null &
            local command=$!
            eventually "it records, or has ended" begun "$command"
            kill -"$signal" "$command" 2>/dev/null || true
            status=0
            wait "$command" || status=$?
            [[ $status -ne 2 ]] || skip "$(cat "$scratch/err")"
            [[ $status -eq 130 ]] || fail "status $status"
            one_line_with interrupted
            no_trace_left || fail "the trace is still there"
            nothing_left || fail "processes are still there"
        done
    done
}

# Whoever is killed cannot put its trace away; the next one does, and touches no other.
test_sched_record_puts_away_what_one_that_was_killed_has_left() {
    [[ $(id -u) -eq 0 ]] || skip "recording takes root"
    no_trace_left || skip "somebody else records, or has left something"
    printf 'A 0 30s\n' >"$scratch/long"
    printf 'A 0 10ms\n' >"$scratch/short"
    local instances=/sys/kernel/tracing/instances
    "${marked[@]}" "$HEDDLE" sched --record "$scratch/long" >/dev/null 2>"$scratch/err" </dev/null &
    local killed=$!
    eventually "it records, or has ended" begun "$killed"
    kill -KILL "$killed" 2>/dev/null || true
    wait "$killed" || true
    [[ -d $instances/heddle-$killed ]] || skip "there is no trace to leave: $(cat "$scratch/err")"
    "${marked[@]}" "$HEDDLE" sched --record "$scratch/long" >/dev/null 2>"$scratch/err" </dev/null &
    local at_work=$!
    # shellcheck disable=SC2064 # now
    trap "kill -KILL $at_work 2>/dev/null || true; rmdir $instances/heddle-{$at_work,$$,theirs} 2>/dev/null || true; rm -rf '$scratch'" EXIT
    eventually "it records, or has ended" begun "$at_work"
    [[ ! -d $instances/heddle-$killed ]] || fail "what the first has left is still there"
    mkdir "$instances/heddle-$$" "$instances/heddle-theirs"
    "$HEDDLE" sched --record "$scratch/short" >/dev/null 2>&1 || true
    local instance
    for instance in "$at_work" $$ theirs; do
        [[ -d $instances/heddle-$instance ]] || fail "heddle-$instance is somebody else's, and gone"
    done
    rmdir "$instances/heddle-$$" "$instances/heddle-theirs"
    ! rmdir "$instances/heddle-$at_work" 2>/dev/null || fail "the trace of one at work can be removed"
    kill -TERM "$at_work"
    wait "$at_work" || true
    no_trace_left || fail "the trace is still there"
}

# Minutes of work must not end in "no such directory".
test_sched_runs_nothing_for_a_page_that_cannot_be_written() {
    printf 'A 0 9s\n' >"$scratch/long"
    refused "cannot write $scratch/no/page: No such file" sched --live "$scratch/long" --html "$scratch/no/page"
    refused "cannot write $scratch: Is a directory" sched --record "$scratch/long" --html "$scratch"
    printf 'what is there, and long\n' >"$scratch/page"
    printf 'A 0 1ms\nB 0 nonsense\n' >"$scratch/wrong"
    refused "wrong:2: expected" sched --live "$scratch/wrong" --html "$scratch/page"
    grep -q 'what is there' "$scratch/page" || fail "the page is lost"
    printf 'A 0 1ms\n' >"$scratch/short"
    for _ in 1 2; do run 0 sched --live "$scratch/short" --html "$scratch/page"; done
    [[ $(head -c 9 "$scratch/page") == '<!doctype' && $(tail -c 8 "$scratch/page") == '</html>' ]] || fail "not just the page"
}

begun() { # PID – it has started a child, or has ended
    ! kill -0 "$1" 2>/dev/null || [[ -n $(cat /proc/"$1"/task/*/children 2>/dev/null) ]]
}

# A run that nobody disturbed is within max(1.5 %, 8 ms). The command rejects the others, and so they prove nothing.
recorded_is_as_predicted() { # WORKLOAD
    local status=2
    for _ in 1 2 3; do
        status=0
        "$HEDDLE" sched --record "$1" --json >"$scratch/out" 2>"$scratch/err" || status=$?
        [[ $status -eq 1 ]] || break
    done
    case $status in
        0) [[ $(json get within_tolerance) == ON ]] || fail "the prediction is off, and nobody else had the CPU" ;;
        1) skip "$(cat "$scratch/err")" ;;
        2)
            grep -qE 'tracefs|CAP_SYS_NICE' "$scratch/err" || fail "not what is missing"
            [[ $(wc -l <"$scratch/err") -eq 1 ]] || fail "not one line"
            skip "$(cat "$scratch/err")"
            ;;
        *) fail "status $status" ;;
    esac
}

test_sched_records_what_the_kernel_does_first_in_first_out() {
    printf 'A 0 60ms class=fifo priority=50\nB 5ms 40ms class=fifo priority=50\nC 10ms 30ms class=fifo priority=60\n' >"$scratch/work"
    recorded_is_as_predicted "$scratch/work"
}

test_sched_records_what_the_kernel_does_in_turns() {
    printf 'A 0 90ms class=rr priority=10\nB 0 150ms class=rr priority=10\nC 0 130ms class=rr priority=10\n' >"$scratch/work"
    recorded_is_as_predicted "$scratch/work"
}

test_sched_records_what_the_kernel_does_by_nice_values() {
    printf 'A 0 120ms nice=0\nB 0 120ms nice=5\nC 0 120ms nice=10\n' >"$scratch/work"
    recorded_is_as_predicted "$scratch/work"
}

test_sched_records_and_warns_of_whole_quanta() {
    printf 'A 0 100ms class=rr priority=10\nB 0 30ms class=rr priority=10\n' >"$scratch/work"
    local status=0
    "$HEDDLE" sched --record "$scratch/work" >"$scratch/out" 2>"$scratch/err" || status=$?
    [[ $status -ne 2 ]] || skip "$(cat "$scratch/err")"
    [[ $(cat /proc/sys/kernel/sched_rr_timeslice_ms) -eq 100 ]] || skip "the quantum is another here"
    grep -qE '^warning: under linux .*, A runs for a whole number of quanta' "$scratch/out" || fail "no warning"
    refused "--record has the kernel's policy" sched --record "$scratch/work" -p fcfs
    refused "--record prints charts" sched --record "$scratch/work" --csv
}

test_sched_says_in_a_line_that_recording_takes_root() {
    printf 'A 0 10ms\n' >"$scratch/work"
    chmod 755 "$scratch"
    chmod 644 "$scratch/work"
    [[ $(id -u) -eq 0 ]] || skip "this is about root, which this test is not run by"
    local status=0
    setpriv --reuid=65534 --regid=65534 --clear-groups "$HEDDLE" sched --record "$scratch/work" >"$scratch/out" 2>"$scratch/err" || status=$?
    [[ $status -ne 126 && $status -ne 127 ]] || skip "nobody cannot run the command here"
    [[ $status -eq 2 ]] || fail "status $status"
    one_line_with "takes root"
}

run_test "$@"
