#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# One install test: run.sh NAME. CMakeLists.txt next to it lists the names and sets the environment.
set -euo pipefail
name=$1
static=$WORK/static
shared=$WORK/shared
scratch=$WORK/$name.build

fail() {
    echo "install.$name: $*"
    exit 1
}

# The same flags for every route, so that ccache compiles the library once.
configure() {
    "$CMAKE" -G Ninja -DCMAKE_BUILD_TYPE=Release "-DCMAKE_CXX_FLAGS_RELEASE=-O2 -DNDEBUG" -DCMAKE_CXX_COMPILER="$CXX" \
        -DCMAKE_CXX_COMPILER_LAUNCHER="$LAUNCHER" -B "$scratch" "$@"
}
build() { "$CMAKE" --build "$scratch" -j "${HEDDLE_JOBS:-2}" "$@"; }

expect_program() { # PROGRAM… – must print the version of the library
    local said
    said=$("$@") || fail "the program failed: $*"
    [[ $said == *"heddle $VERSION"* ]] || fail "the program did not print 'heddle $VERSION', but: $said"
}

with_find_package() { # PREFIX
    configure -S "$SOURCE/tests/install/consumer" -DCMAKE_PREFIX_PATH="$1"
    build
    expect_program "$scratch/consumer"
}

with_pkg_config() { # PREFIX [--static]
    local prefix=$1 flags
    shift
    export PKG_CONFIG_PATH=$prefix/$LIBDIR/pkgconfig
    [[ $("$PKG_CONFIG" --modversion heddle) == "$VERSION" ]] || fail "heddle.pc does not say version $VERSION"
    flags=$("$PKG_CONFIG" "$@" --cflags --libs heddle)
    mkdir -p "$scratch"
    # shellcheck disable=SC2086 # flags are words
    "$CXX" -std=c++20 -Wall -Wextra -Wconversion -Wshadow -Werror "$SOURCE/tests/install/consumer/main.cpp" $flags \
        "-Wl,-rpath,$prefix/$LIBDIR" -o "$scratch/consumer"
    expect_program "$scratch/consumer"
}

with_add_subdirectory() { # ON|OFF (shared)
    configure -S "$SOURCE/tests/install/subdirectory" -DHEDDLE_SOURCE="$SOURCE" -DBUILD_SHARED_LIBS="$1"
    # Nothing of heddle but the library: no tests, examples, command or install rules.
    ! "$CMAKE" --build "$scratch" --target help | grep -E '^heddle_(cli|example|[a-z]+_tests)' ||
        fail "add_subdirectory defines targets that only heddle's own build should have"
    build
    expect_program "$scratch/consumer"
}

rm -rf "$scratch"
case $name in
    static)
        rm -rf "$static"
        "$CMAKE" --install "$BUILD" --prefix "$static"
        ;;
    shared)
        rm -rf "$shared"
        configure -S "$SOURCE" -DBUILD_SHARED_LIBS=ON -DHEDDLE_BUILD_CLI=OFF -DHEDDLE_BUILD_TESTS=OFF \
            -DHEDDLE_BUILD_EXAMPLES=OFF -DHEDDLE_WARNINGS=OFF -DHEDDLE_PCH=OFF
        build
        "$CMAKE" --install "$scratch" --prefix "$shared"
        ;;
    files)
        (cd "$SOURCE/include" && find . -name '*.hpp' | sort) >"$WORK/headers.expected"
        for prefix in "$static" "$shared"; do
            (cd "$prefix/include" && find . -type f | sort) | diff "$WORK/headers.expected" - ||
                fail "the headers under $prefix are not those of the source tree"
            [[ -s $prefix/share/doc/heddle/LICENSE ]] || fail "no LICENSE under $prefix"
            ! grep -rlF -e "$SOURCE" -e "$BUILD" "$prefix/$LIBDIR/cmake" "$prefix/$LIBDIR/pkgconfig" ||
                fail "these installed files name the source or build folder"
        done
        [[ -f $static/$LIBDIR/libheddle.a ]] || fail "no libheddle.a"
        [[ -f $shared/$LIBDIR/libheddle.so.$VERSION && -L $shared/$LIBDIR/libheddle.so ]] || fail "no libheddle.so.$VERSION"
        readelf -d "$shared/$LIBDIR/libheddle.so" | grep -F "[libheddle.so.${VERSION%.*}]" ||
            fail "the soname is not libheddle.so.${VERSION%.*}"
        if [[ $HAS_COMMAND == 1 ]]; then
            [[ $("$static/bin/heddle" --version) == *"$VERSION"* ]] || fail "the installed command does not print $VERSION"
        fi
        ;;
    symbols)
        nm -DC --defined-only "$shared/$LIBDIR/libheddle.so" | grep -F ' T heddle::v0::version()' ||
            fail "libheddle.so does not export heddle::version()"
        # Code in the text section that users can link to must be heddle's (or the C entry points named after it).
        foreign=$(nm -DC --defined-only "$shared/$LIBDIR/libheddle.so" | sed -n 's/^[0-9a-f]* [TDBR] //p' |
            grep -vE '^((non-virtual|virtual) thunk to |vtable for |typeinfo (name )?for |guard variable for )?heddle(::|_)') || true
        [[ -z $foreign ]] || fail "libheddle.so exports symbols that are not heddle's: $foreign"
        ;;
    find_package_static) with_find_package "$static" ;;
    find_package_shared) with_find_package "$shared" ;;
    pkg_config_static) with_pkg_config "$static" --static ;;
    pkg_config_shared) with_pkg_config "$shared" ;;
    checker)
        # The compiler that instruments, the search and the replay; then a test that explores a function.
        mkdir -p "$scratch"
        "$static/bin/heddle" c++ -std=c++20 -O1 "$SOURCE/tests/install/checked/bank.cpp" -o "$scratch/bank"
        status=0
        "$static/bin/heddle" check --replay-file "$scratch/bank.replay" "$scratch/bank" || status=$?
        [[ $status == 1 ]] || fail "heddle check ended with $status where it should find a bug"
        status=0
        "$static/bin/heddle" check --replay "$scratch/bank.replay" || status=$?
        [[ $status == 1 ]] || fail "the replay ended with $status"
        configure -S "$SOURCE/tests/install/checked" -DCMAKE_PREFIX_PATH="$static"
        build
        "$scratch/bank_test" || fail "the test that explores failed"
        ;;
    another_version_is_refused)
        ! output=$(configure -S "$SOURCE/tests/install/consumer" -DCMAKE_PREFIX_PATH="$static" -DWANTED=99.0 2>&1) ||
            fail "find_package(heddle 99.0) found version $VERSION"
        [[ $output == *"version: $VERSION"* ]] || fail "refused without naming $VERSION: $output"
        ;;
    missing_cereal_is_explained)
        ! output=$(configure -S "$SOURCE/tests/install/consumer" -DCMAKE_PREFIX_PATH="$static" \
            -DHEDDLE_CEREAL_INCLUDE_DIR=HEDDLE_CEREAL_INCLUDE_DIR-NOTFOUND -DCMAKE_IGNORE_PATH=/usr/include 2>&1) ||
            fail "heddle was found without cereal"
        [[ $output == *"needs the headers of cereal"* ]] || fail "refused without naming cereal: $output"
        ;;
    add_subdirectory_static) with_add_subdirectory OFF ;;
    add_subdirectory_shared) with_add_subdirectory ON ;;
    *) fail "unknown test" ;;
esac
