#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# Runs tests/semantics.sh on a list with cases that lack something, and on programs that only list tests:
# semantics.sh SCRATCH_FOLDER
set -euo pipefail
export LC_ALL=C.UTF-8
check=$(dirname "${BASH_SOURCE[0]}")/../semantics.sh
rm -rf "$1"
mkdir -p "$1"
check=$(realpath "$check")
cd "$1"

program() {
    { echo '#!/usr/bin/env bash'; echo "cat <<'END'"; cat; echo END; } >"$1"
    chmod +x "$1"
}
program some_tests <<'END'
Running main() from gtest_main.cc
lock.
  AA01_AA02_of_a_thread
  AA03_by_a_fiber
  AA04_by_a_coroutine
  is_not_AA05_a_case
by/everywhere.
  AA06_in_a_way/threads  # GetParam() = 16-byte object
  AA06_in_a_way/fibers  # GetParam() = 16-byte object
lock_by_coroutines/0.  # TypeParam = mutex
  AA06_too
  AA99_is_not_listed
END
program some_stress_tests <<'END'
lock_stress.
  AA08_again_and_again
END
program some_checked_tests <<'END'
checked_lock.
  AA06_in_many_orders
  AA07_by_coroutines_but_only_in_many_orders
END

cat >good <<'END'
# A comment.
AA01  -   a case
AA03  f   a case
AA06* tfc a case
AA08! -   a case
AA02  t   a case
AA04  c   a case
AA07* -   a case
AA99  -   a case
END
cat >bad <<'END'
AA01* tfc a case
AA01  t   a case
AA03! -   a case
AA05  -   a case
AA06! t   a case
AA07  c   a case
AA02  -   a case
AA04  -   a case
AA08  x   a case
END
status=0
bash "$check" good ./some_tests ./some_stress_tests ./some_checked_tests >said || { cat said; status=1; }
bash "$check" bad ./some_tests ./some_stress_tests ./some_checked_tests >said &&
    { echo "tests/semantics.sh is content with the planted list"; status=1; }
diff -u - said <<'END' || status=1
semantics.txt: AA01: is not explored – tests/checked/ has no test of it
semantics.txt: AA01: is not tested by fibers – no test with its number has fiber in its name
semantics.txt: AA01: is not tested by coroutines – no test with its number has coroutine in its name
semantics.txt: AA01: is there twice
semantics.txt: AA03: is not raced – no stress test has its number
semantics.txt: AA05: has no test – name one after it, as TEST(thread, TH02_that_joins_itself_is_told_so)
semantics.txt: AA06: is not raced – no stress test has its number
semantics.txt: AA07: is not tested by coroutines – no test with its number has coroutine in its name
semantics.txt: AA08: says x where it should say by whom it is tested
semantics.txt: AA99: has a test and is not in the list
END
bash "$check" good ./some_tests ./not_there 2>said && { echo "tests/semantics.sh does not miss a program"; status=1; }
grep -q 'not_there is not there – build it' said || { cat said; status=1; }
exit $status
