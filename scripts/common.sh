# SPDX-License-Identifier: BSL-1.0
# What the scripts share. Source it; it moves to the top of the source tree. Steps are told on standard error, so that the
# standard output of `make run` is that of the command alone. Only bash, coreutils, grep, sed and awk are used, since these
# scripts are what installs everything else.
set -euo pipefail
export LC_ALL=C.UTF-8
cd "$(dirname "${BASH_SOURCE[0]}")/.."

jobs=${HEDDLE_JOBS:-$(nproc)}
log_dir=build/log

say() { printf 'heddle: %s\n' "$*" >&2; }

fail() {
    printf 'heddle: error: %s\n' "$*" >&2
    exit 1
}

# On a terminal, and nowhere else, says every second how far Ninja is.
follow() {
    [[ -t 2 && ${CI:-} != true ]] || return 0
    local log=$1 text=$2 at
    trap 'printf "\r\033[K" >&2; exit 0' TERM
    # Also ends when the script was interrupted.
    while sleep 1 && kill -0 $$ 2>/dev/null; do
        at=$(grep -aoE '^\[[0-9]+/[0-9]+\]' "$log" | tail -n 1) || true
        [[ -z $at ]] || printf '\r\033[Kheddle: %s %s' "$text" "$at" >&2
    done
}

# logged NAME TEXT COMMAND… – says "TEXT…", runs the command with its output in build/log/NAME.log, and shows the end of that
# output if it fails.
logged() {
    local name=$1 text=$2
    shift 2
    mkdir -p "$log_dir" 2>/dev/null || fail "cannot write to $PWD/build: make it writable for $(id -un)"
    local log=$log_dir/$name.log
    say "$text…"
    : >"$log"
    follow "$log" "$text" &
    local follower=$! status=0
    "$@" >"$log" 2>&1 </dev/null || status=$?
    kill "$follower" 2>/dev/null || true
    wait "$follower" 2>/dev/null || true
    [[ $status -ne 0 ]] || return 0
    # Of a failed build, the first failure says more than the last lines.
    local first
    first=$(grep -n -m 1 '^FAILED: ' "$log" | cut -d: -f1) || true
    if [[ -n $first ]]; then
        tail -n "+$first" "$log" | head -n 60 | cut -c1-400 >&2
    else
        tail -n 40 "$log" | cut -c1-400 >&2
    fi
    fail "$text: failed; the whole output is in $log"
}

configure() { logged "configure-$1" "configuring ($1)" cmake --preset "$1"; }

# build_preset PRESET [TARGET…]
build_preset() {
    local preset=$1
    shift
    logged "build-$preset" "building ($preset)" cmake --build "build/$preset" -j "$jobs" ${1:+--target "$@"}
}
