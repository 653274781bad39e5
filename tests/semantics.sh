#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Checks that test programs have the tests that a list of cases asks for: semantics.sh LIST PROGRAM…
#
# What counts is what the programs list, so not a test that is in a comment, or is not built. The name of a program says
# what its tests are: those of …_checked_tests are explored by the checker, those of …_stress_tests are races.
set -euo pipefail
shopt -s inherit_errexit
export LC_ALL=C.UTF-8
cases=$1
shift

# A line for each number that a test bears: checked, stress or plain, the number, and the name of the test.
list() {
    local program kind
    for program in "$@"; do
        case ${program##*/} in
            *_checked_tests) kind=checked ;;
            *_stress_tests) kind=stress ;;
            *) kind=plain ;;
        esac
        [[ -x $program ]] || { echo "semantics.sh: $program is not there – build it" >&2; return 2; }
        "$program" --gtest_list_tests | awk -v kind="$kind" '
            /^[^ ]/ { suite = $1; next }
            {
                for (name = $1; match(name, /^([A-Z][A-Z][0-9][0-9]|X[0-9])_/); name = substr(name, RLENGTH + 1))
                    print kind, substr(name, 1, RLENGTH - 1), suite $1
            }'
    done
}

tests=$(list "$@")
awk '
    function complain(what) {
        print "semantics.txt: " number ": " what
        bad = 1
    }
    # By whom, as far as the name says; those of a program of stress tests do not count.
    function form_of(kind, test) {
        if (kind != "plain") return kind
        return test ~ /coroutine|awaited/ ? "c" : test ~ /fiber/ ? "f" : "t"
    }
    NR == FNR {
        there[$2] = there[$2] form_of($1, $3) " "
        next
    }
    /^#/ { next }
    {
        number = substr($1, 1, match($1, /[*!]?$/) - 1)
        n++
        if (number in listed) complain("is there twice")
        listed[number] = 1
        if (!(number in there)) {
            complain("has no test – name one after it, as TEST(thread, TH02_that_joins_itself_is_told_so)")
            next
        }
        if ($1 ~ /\*/ && there[number] !~ /checked/) complain("is not explored – tests/checked/ has no test of it")
        if ($1 ~ /!/ && there[number] !~ /stress/) complain("is not raced – no stress test has its number")
        if ($2 !~ /t/ && $2 !~ /f/ && $2 !~ /c/ && $2 != "-") complain("says " $2 " where it should say by whom it is tested")
        if ($2 ~ /t/ && there[number] !~ /t /) complain("is not tested by threads")
        if ($2 ~ /f/ && there[number] !~ /f /) complain("is not tested by fibers – no test with its number has fiber in its name")
        if ($2 ~ /c/ && there[number] !~ /c /) complain("is not tested by coroutines – no test with its number has coroutine in its name")
    }
    END {
        for (number in there)
            if (!(number in listed)) complain("has a test and is not in the list")
        if (!bad) print "heddle: semantics: " n " cases, each with its tests"
        exit bad
    }' <(echo "$tests") "$cases"
