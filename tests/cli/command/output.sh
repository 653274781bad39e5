#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# What is printed, for people, for programs and as a page.
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

test_without_arguments_the_c_headers_are_counted() {
    run 0 compare --help
    grep -q 'words' "$scratch/out" || fail "the help does not name the default workload"
    grep -q '/usr/include' "$scratch/out" || fail "the help does not name the default directory"
}

test_people_get_a_table_an_answer_and_a_verdict() {
    some_files
    run 0 compare words "$scratch/files" --repeat 1
    for text in sequential coroutines threads processes '^verdict: use '; do
        grep -q "$text" "$scratch/out" || fail "no $text in the report"
    done
    [[ ! -s $scratch/err ]] || fail "something on standard error, which is no terminal"
    ! grep -q $'\033' "$scratch/out" || fail "terminal codes on standard output, which is no terminal"
}

test_json_is_all_there_is_on_standard_output() {
    some_files
    run 0 compare words "$scratch/files" --json --timeline --explain --repeat 1
    local key
    for key in workload title unit items cpus same_answer answer models verdict problems notes costs; do
        json get "$key" >/dev/null
    done
    [[ $(json length costs) -ge 4 ]] || fail "costs are missing"
    [[ ! -s $scratch/err ]] || fail "something on standard error"
}

test_json_is_valid_where_file_names_are_not_utf8() {
    mkdir "$scratch/files"
    echo text >"$scratch/files/a"
    touch "$scratch/files/"$'\xff"\\'
    chmod 000 "$scratch/files/"$'\xff"\\'
    without_permission_override run 0 compare words "$scratch/files" --json --repeat 1
    [[ $(json length problems) -eq 1 ]] || fail "the file is not among the problems"
}

test_the_timeline_has_a_row_for_each_strand() {
    run 0 compare sleep 6 --latency 20 --repeat 1 --workers 3 --in-flight 2 --timeline
    local expected=(sequential 1 coroutines 2 threads 3 processes 3) i rows
    for ((i = 0; i < 8; i += 2)); do
        rows=$(awk -v "model=${expected[i]}" '
            /strand/ { inside = index($0, model) == 1; next }
            inside && /^[A-Z] .*[[|=]/ { n++ }
            END { print n + 0 }' "$scratch/out")
        [[ $rows -le ${expected[i + 1]} && $rows -ge 1 ]] || fail "${expected[i]} has $rows rows, not ${expected[i + 1]}"
    done
    awk 'length($0) > 80 && /^[A-Z] / { exit 1 }' "$scratch/out" || fail "a row is wider than 80 columns"
}

test_explain_tells_what_strands_cost_and_how_many_to_use() {
    run 0 compare primes 1000 --repeat 1 --explain
    for text in '^thread .*[mun]s' '^process .*[mun]s' '^fiber .*[mun]s' '^coroutine .*[mun]s' 'workers' 'in flight'; do
        grep -qE "$text" "$scratch/out" || fail "no '$text' in the explanation"
    done
}

test_the_page_needs_nothing_but_itself() {
    mkdir "$scratch/<b>&\"x"
    echo some words >"$scratch/<b>&\"x/file"
    run 0 compare words "$scratch/<b>&\"x" --repeat 1 --explain --html "$scratch/page.html"
    local page=$scratch/page.html
    [[ $(wc -c <"$page") -gt 100000 ]] || fail "the page is short: the charts cannot be in it"
    grep -qi '^<!doctype html>' "$page" || fail "not a page"
    ! grep -oiE '<(script|img|link|iframe|source)[^>]*(src|href)=[^>]*>' "$page" || fail "the page loads something"
    ! grep -oiE '@import|url\((http|//)[^)]*\)' "$page" || fail "the page loads something"
    ! grep -qF "<b>&" "$page" || fail "a directory's name is markup in the page"
    for text in '<table' 'canvas' 'sequential' 'processes' 'verdict'; do
        grep -q "$text" "$page" || fail "no $text in the page"
    done
}

test_help_and_version_are_answered() {
    run 0 --help
    for verb in compare check sched 'heddle c++'; do
        grep -q "$verb" "$scratch/out" || fail "no $verb in the help"
    done
    ! grep -qE '^ +(watch|map) ' "$scratch/out" || fail "the help names a verb that does not exist yet"
    run 0 --version
    grep -qE '^[^ ]*[0-9]+\.[0-9]+\.[0-9]+' "$scratch/out" || fail "no version"
    run 0 compare --help
    for option in --workers --repeat --models --json --html --timeline --explain --url; do
        grep -qe "$option" "$scratch/out" || fail "no $option in the help"
    done
}

test_a_report_that_cannot_be_written_is_an_error() {
    [[ -c /dev/full ]] || skip "there is no /dev/full"
    local code=0
    "${marked[@]}" "$HEDDLE" compare primes 100 --repeat 1 >/dev/full 2>"$scratch/err" || code=$?
    [[ $code -eq 1 ]] || fail "exit code $code, not 1"
    one_line_with 'No space left'
}

run_test "$@"
