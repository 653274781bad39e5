#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# heddle c++ finds the compiler that is meant, also where CXX names heddle c++ itself: compiler_test.sh COMPILER
set -euo pipefail
compiler=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
cd "$scratch"
unset CXX CC HEDDLE_CXX HEDDLE_CC
failures=0

complain() {
    echo "FAILED: $*"
    sed 's/^/    /' log
    failures=$((failures + 1))
}
# Compilers that say who they are.
for name in one two; do
    printf '#!/bin/sh\necho "%s $*"\n' $name >$name
    chmod +x $name
done
# A script that leads back to heddle c++, as one writes for tools that take no compiler with a blank in its name.
printf '#!/bin/sh\nexec "%s" c++ "$@"\n' "$HEDDLE" >script
chmod +x script
echo 'int main() { return 0; }' >program.cpp
cp program.cpp program.c

# calls NAME COMMAND…: that compiler is called; a word of its own that is given with its name stays.
calls() {
    local expected=$1
    shift
    "$@" >log 2>&1 || complain "$*: status $?"
    grep -q "^$expected .*-fsanitize=thread" log || complain "$*: not called: $expected"
}
calls one env CXX="$PWD/one" "$HEDDLE" c++ -c program.cpp
calls one env CC="$PWD/one" "$HEDDLE" cc -c program.c
calls two env CXX="$PWD/one" HEDDLE_CXX="$PWD/two" "$HEDDLE" c++ -c program.cpp
calls two env CC="$PWD/one" HEDDLE_CC="$PWD/two" "$HEDDLE" cc -c program.c
calls 'one --of-its-own' env CXX="$PWD/one --of-its-own" "$HEDDLE" c++ -c program.cpp
calls two env CXX="$HEDDLE c++" HEDDLE_CXX="$PWD/two" "$HEDDLE" c++ -c program.cpp
calls two env CXX="$PWD/script" HEDDLE_CXX="$PWD/two" ./script -c program.cpp

# builds COMMAND…: a program that has memory points.
builds() {
    rm -f program
    "$@" >log 2>&1 || { complain "$*: status $?"; return; }
    [[ -x program ]] || { complain "$*: no program"; return; }
    "$HEDDLE" check -n 5 ./program >log 2>&1 || complain "$*: heddle check: status $?"
    ! grep -q 'not instrumented' log || complain "$*: not instrumented"
}
export PATH="$scratch/bin:${HEDDLE%/*}:$PATH"
mkdir bin
ln -s "$(command -v "$compiler")" bin/c++
builds env CXX="heddle c++" heddle c++ -o program program.cpp
builds env CXX="$HEDDLE c++" heddle c++ -o program program.cpp
builds env CXX="$PWD/script" ./script -o program program.cpp
printf 'program: program.cpp\n\t$(CXX) -o $@ $<\n' >Makefile
if command -v make >/dev/null; then
    builds make CXX="heddle c++"
    builds make CXX="$PWD/script"
fi
printf 'cmake_minimum_required(VERSION 3.20)\nproject(p LANGUAGES CXX)\nadd_executable(program program.cpp)\n' >CMakeLists.txt
env CXX="heddle c++" "$CMAKE" -S . -B build -DCMAKE_RUNTIME_OUTPUT_DIRECTORY="$PWD" >log 2>&1 || complain "CMake: status $?"
builds "$CMAKE" --build build

# There is no compiler but heddle c++: it says so, and does not call itself for ever.
refuses() {
    local status=0
    timeout 20 "$@" >log 2>&1 || status=$?
    [[ $status -eq 2 ]] || complain "$*: status $status"
    [[ $(wc -l <log) -eq 1 ]] && grep -q 'set HEDDLE_CXX to another compiler' log || complain "$*: does not say what to do"
}
ln -sf "$HEDDLE" bin/c++
refuses env CXX="heddle c++" heddle c++ -o program program.cpp
refuses env HEDDLE_CXX="$PWD/script" heddle c++ -o program program.cpp
exit $((failures > 0))
