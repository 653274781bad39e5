#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# What the command says when it cannot do what it is asked to.
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

test_a_directory_that_does_not_exist_is_said() {
    refused "cannot read directory $scratch/nope: No such file or directory" compare words "$scratch/nope"
    refused "cannot read directory $scratch/nope: No such file or directory" compare hash "$scratch/nope"
    touch "$scratch/file"
    refused "$scratch/file: Not a directory" compare words "$scratch/file"
}

test_a_directory_without_files_is_said() {
    mkdir -p "$scratch/empty/deep"
    refused "$scratch/empty" compare words "$scratch/empty"
    refused "$scratch/empty" compare hash "$scratch/empty" --json
}

test_files_without_a_word_are_an_answer() {
    mkdir "$scratch/files"
    : >"$scratch/files/empty"
    printf '\0' >"$scratch/files/binary"
    run 0 compare words "$scratch/files" --json --repeat 1
    all_agree
    expect_json 0 answer words
}

test_what_is_misspelt_is_refused() {
    refused foo foo
    refused 'see heddle --help'
    refused wordz compare wordz
    refused '--nope; see heddle compare --help' compare --nope
    refused 'see heddle sched --help' sched --cpus 0
    refused fibers compare --models sequential,fibers
    refused --workers compare --workers 0
    refused --repeat compare --repeat 0
    refused --repeat compare --repeat x
    refused --in-flight compare --in-flight -1
    refused --latency compare --latency -1 sleep
    refused x compare primes x
    refused 0 compare primes 0
    refused -5 compare sleep -- -5
    refused 99999999999999999999999 compare squares 99999999999999999999999
    refused 6 compare primes 5 6
    refused ftp compare fetch --url ftp://localhost/
    refused page.html compare primes 10 --html "$scratch/no/page.html"
}

test_a_file_that_cannot_be_read_is_reported_and_the_rest_goes_on() {
    some_files
    echo secret >"$scratch/files/secret"
    mkdir "$scratch/files/closed"
    echo hidden >"$scratch/files/closed/hidden"
    chmod 000 "$scratch/files/secret" "$scratch/files/closed"
    without_permission_override run 0 compare words "$scratch/files" --json --repeat 1
    all_agree
    expect_json 8 answer words
    expect_json 3 answer files
    [[ $(json length problems) -eq 2 ]] || fail "not two problems"
    local problems
    problems=$(json get problems)
    [[ $problems == *"$scratch/files/secret: Permission denied"* ]] || fail "the file is not named"
    [[ $problems == *"$scratch/files/closed: Permission denied"* ]] || fail "the directory is not named"
    without_permission_override run 0 compare hash "$scratch/files" --repeat 1
    grep -q '^2 could not be read' "$scratch/out" || fail "the report does not count them"
}

test_a_directory_that_cannot_be_read_is_said() {
    mkdir "$scratch/closed"
    chmod 000 "$scratch/closed"
    without_permission_override refused "$scratch/closed: Permission denied" compare words "$scratch/closed"
}

test_a_server_that_refuses_is_said_at_once() {
    run 1 compare fetch --url http://127.0.0.1:1/
    one_line_with 'Connection refused'
    run 1 compare fetch --url http://nowhere.invalid/
    one_line_with nowhere.invalid
}

test_a_server_that_does_not_answer_in_time_is_given_up() {
    run 1 compare fetch 3 --latency 60000 --timeout 0.2 --repeat 1 --json
    [[ $(json length problems) -ge 1 ]] || fail "nobody says that the requests failed"
    expect_json 0 answer number
}

run_test "$@"
