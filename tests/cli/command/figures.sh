#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# That what is measured can be true.
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

test_figures_are_there_and_fit_together() {
    some_files
    run 0 compare words "$scratch/files" --json --repeat 3
    local i
    for i in 0 1 2 3; do
        expect_json 3 models "$i" repetitions
        local figures=() key
        for key in 'wall_s min' 'wall_s median' 'wall_s max' 'latency_s p50' 'latency_s p95' 'latency_s p99' \
            throughput_per_s memory_peak_bytes cpu_s 'context_switches voluntary' 'context_switches involuntary' bytes_moved; do
            # shellcheck disable=SC2086 # a key may be two
            figures+=("$(json get models "$i" $key)")
        done
        holds "0 < ${figures[0]} && ${figures[0]} <= ${figures[1]} && ${figures[1]} <= ${figures[2]}"
        holds "0 < ${figures[3]} && ${figures[3]} <= ${figures[4]} && ${figures[4]} <= ${figures[5]}"
        holds "${figures[6]} > 0"
        holds "${figures[7]} > 100000 && ${figures[8]} > 0 && ${figures[9]} >= 0 && ${figures[10]} >= 0"
        if [[ $(json get models "$i" model) == processes ]]; then
            holds "${figures[11]} > 0"
        else
            holds "${figures[11]} == 0"
        fi
    done
    holds "$(json get models "$(model sequential)" speed_up) == 1"
    [[ $(json get verdict sentence) == *"$(json get verdict use)"* ]] || fail "the sentence does not name the model"
}

test_cpu_time_of_worker_processes_is_counted() {
    run 0 compare primes 2000000 --json --repeat 1 --workers 2 --models sequential,processes
    # The same work; where it is done changes its CPU time by much less than that.
    holds "$(json get models 1 cpu_s) > $(json get models 0 cpu_s) / 3"
}

test_memory_of_worker_processes_is_counted() {
    run 0 compare sleep 40 --latency 20 --json --repeat 1 --models sequential,processes --workers 40
    holds "$(json get models 1 memory_peak_bytes) > 1.5 * $(json get models 0 memory_peak_bytes)"
}

test_options_are_obeyed() {
    run 0 compare sleep 6 --latency 1 --json --repeat 2 --workers 3 --in-flight 4 --models threads,coroutines
    expect_json threads models 0 model
    expect_json 3 models 0 workers
    expect_json 2 models 0 repetitions
    expect_json coroutines models 1 model
    expect_json 4 models 1 workers
    [[ $(json length models) -eq 2 ]] || fail "not two models"
    run 0 compare sleep 6 -r 1 -w 2 -m processes --latency 1 --json
    expect_json 2 models 0 workers
}

test_waiting_in_flight_is_faster_than_one_after_the_other() {
    run 0 compare sleep 30 --latency 100 --repeat 1 --json --models sequential,coroutines,threads
    holds "$(json get models 0 wall_s median) >= 3"
    holds "$(json get models 1 wall_s median) < $(json get models 0 wall_s median)"
    holds "$(json get models 2 wall_s median) < $(json get models 0 wall_s median)"
    [[ $(json get verdict use) != sequential ]] || fail "the verdict is for waiting one after the other"
}

run_test "$@"
