#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Checks that every case of semantics.txt has a test that bears its number: semantics.sh [TREE]
set -euo pipefail
export LC_ALL=C.UTF-8
cd "${1:-$(dirname "${BASH_SOURCE[0]}")}"

listed=$(grep -v '^#' semantics.txt | sed 's/[* ].*//' | sort)
doubled=$(uniq -d <<<"$listed")
number='([A-Z]{2}[0-9]{2}|X[0-9])_'
used=$(grep -rhoE --include='*_test.cpp' "[ (]($number)+[a-z]" . | grep -oE "$number" | sed 's/_//' | sort -u)
status=0
complain() {
    for case in $1; do
        echo "semantics.txt: $case: $2"
        status=1
    done
}
complain "$doubled" "is there twice"
complain "$(comm -23 <(sort -u <<<"$listed") <(echo "$used"))" "has no test – name one after it, as TEST(thread, TH02_that_joins_itself_is_told_so)"
[[ $status == 0 ]] && echo "heddle: semantics: $(wc -l <<<"$listed") cases, each with a test"
exit $status
