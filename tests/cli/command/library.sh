# SPDX-License-Identifier: BSL-1.0
# What the tests that run the command as a user does have in common. Each of the scripts here holds functions test_NAME and
# runs one: SCRIPT test_NAME. ../CMakeLists.txt finds them, and sets HEDDLE (the command) and CMAKE (which reads JSON here).
# Exit code 77: skipped, and the output says why.
# Nothing here depends on speed: where a test has to wait for something it looks for it, and gives up after a minute.
set -euo pipefail
export LC_ALL=C
scratch=$(mktemp -d)
# Every process that the command starts inherits its environment, so this finds them wherever they end up.
mark=heddle-test-$$-${RANDOM}${RANDOM}
trap 'chmod -R u+rwx "$scratch" && rm -rf "$scratch"' EXIT

fail() {
    # Standard error, because standard output may be captured.
    exec >&2
    printf '%s\n' "$*"
    for stream in out err; do
        [[ ! -s $scratch/$stream ]] || { echo "--- $stream:"; head -c 4000 "$scratch/$stream"; }
    done
    exit 1
}

skip() {
    echo "skipped: $*"
    exit 77
}

# Put before a command line, this marks it. Signals that whoever runs the tests ignores would otherwise be ignored here, too.
as=()
marked=(env --default-signal=INT,TERM,PIPE "HEDDLE_TEST_MARK=$mark")

# The marked processes that run the command, one a line. What runs env(1) or a shell is about to become it, or has not.
started() {
    local dir
    for dir in $(grep -lzxF "HEDDLE_TEST_MARK=$mark" /proc/[0-9]*/environ 2>/dev/null); do
        dir=${dir%/environ}
        [[ ! $dir/exe -ef $HEDDLE ]] || echo "${dir#/proc/}"
    done
}

# eventually TEXT COMMAND… – waits until the command succeeds.
eventually() {
    local text=$1 give_up=$((SECONDS + 60))
    shift
    until "$@"; do
        [[ $SECONDS -lt $give_up ]] || fail "waited for a minute: $text"
        sleep 0.02
    done
}

nothing_left() { [[ -z $(started) ]]; }

# run EXIT_CODE ARGUMENT… – runs the command, its output in $scratch/out and $scratch/err.
run() {
    local expected=$1 code=0
    shift
    "${as[@]}" "${marked[@]}" "$HEDDLE" "$@" >"$scratch/out" 2>"$scratch/err" </dev/null || code=$?
    [[ $code -eq $expected ]] || fail "heddle $* exited with $code, not $expected"
    nothing_left || fail "heddle $* left processes behind: $(started | tr '\n' ' ')"
}

# refused TEXT ARGUMENT… – exit code 2, one line on standard error that has the text, nothing on standard output.
refused() {
    local text=$1
    shift
    run 2 "$@"
    [[ ! -s $scratch/out ]] || fail "heddle $* printed something on standard output"
    one_line_with "$text"
}

one_line_with() {
    [[ $(wc -l <"$scratch/err") -eq 1 ]] || fail "not one line on standard error"
    grep -q '^heddle: ' "$scratch/err" || fail "the line does not begin with 'heddle: '"
    grep -qF -- "$1" "$scratch/err" || fail "the line does not say: $1"
}

# json get|length KEY… – from the JSON that run() got.
json() {
    local what=$1 dir
    shift
    dir=$(dirname "${BASH_SOURCE[0]}")
    "$CMAKE" "-DFILE=$scratch/out" "-DWHAT=$what" "-DKEYS=$(IFS=';' && echo "$*")" -P "$dir/json.cmake" 2>&1 ||
        fail "no $* in the JSON"
}

expect_json() { # VALUE KEY…
    local expected=$1 value
    shift
    value=$(json get "$@")
    [[ $value == "$expected" ]] || fail "$* is $value, not $expected"
}

# The position in models[] of the model.
model() {
    local i count
    count=$(json length models)
    for ((i = 0; i < count; i++)); do
        [[ $(json get models "$i" model) != "$1" ]] || { echo "$i" && return; }
    done
    fail "no model $1 in the JSON"
}

holds() { # an awk condition on numbers
    awk "BEGIN { exit !($*) }" || fail "does not hold: $*"
}

all_agree() {
    local i
    expect_json ON same_answer
    [[ $(json length models) -eq 4 ]] || fail "not four models"
    for i in 0 1 2 3; do
        expect_json ON models "$i" ok
        expect_json "$(json get answer digest)" models "$i" digest
    done
}

some_files() {
    mkdir -p "$scratch/files/deep/er"
    echo 'one two, two' >"$scratch/files/a"
    echo 'THREE three Three' >"$scratch/files/deep/b"
    printf 'no newline' >"$scratch/files/deep/er/c d"
}

# Root may read everything; without these two capabilities it may not. Others never could.
without_permission_override() {
    if [[ $(id -u) -eq 0 ]]; then
        setpriv --bounding-set=-dac_override,-dac_read_search true 2>/dev/null ||
            skip "this user may read everything, and setpriv cannot change that"
        as=(setpriv --bounding-set=-dac_override,-dac_read_search)
    fi
    "$@"
}

run_test() {
    [[ $(type -t "${1:-}") == function && $1 == test_* ]] || fail "usage: $0 test_NAME"
    "$1"
}
