#!/usr/bin/env bash
# SPDX-License-Identifier: BSL-1.0
# That the answer is right, checked by other programs, and the same by every model.
source "$(dirname "${BASH_SOURCE[0]}")/library.sh"

# The words of the text files under a directory, as "COUNT WORD", the most frequent first.
count_words_by_hand() {
    local file
    find "$1" -type f -print0 | while IFS= read -r -d '' file; do
        head -c 8192 "$file" | grep -qaP '\x00' && continue  # not text
        cat "$file"
        echo  # a word ends with its file
    done | tr -cs 'A-Za-z' '\n' | tr 'A-Z' 'a-z' | sed '/^$/d' | sort | uniq -c | awk '{ print $1, $2 }' | sort -k1,1nr -k2,2
}

words_agree_with_a_pipeline() { # DIRECTORY
    local i count word
    run 0 compare words "$1" --json --repeat 1 --workers 2
    all_agree
    count_words_by_hand "$1" >"$scratch/counted"
    expect_json "$(awk '{ n += $1 } END { print n + 0 }' "$scratch/counted")" answer words
    expect_json "$(wc -l <"$scratch/counted")" answer distinct_words
    for i in 0 1 2 3 4; do
        read -r count word < <(sed -n "$((i + 1))p" "$scratch/counted")
        [[ -n $word ]] || break
        expect_json "$word" answer top_words "$i" word
        expect_json "$count" answer top_words "$i" count
    done
}

test_words_of_the_kernel_headers_agree_with_a_shell_pipeline() {
    [[ -d /usr/include/linux ]] || skip "there is no /usr/include/linux"
    # A part of /usr/include: with sanitizers and in a shell the whole takes a minute.
    mkdir "$scratch/headers"
    find /usr/include/linux -maxdepth 1 -type f -name '[a-e]*.h' -exec cp -t "$scratch/headers" {} +
    words_agree_with_a_pipeline "$scratch/headers"
}

test_words_agree_with_a_shell_pipeline_where_files_are_odd() {
    some_files
    printf 'binary\0file' >"$scratch/files/binary"
    { head -c 8192 /dev/zero | tr '\0' x && printf '\0late letters'; } >"$scratch/files/late zero"
    printf 'na\xefve \xc3\xa9t\xc3\xa9\r\nDOS\r\n' >"$scratch/files/latin1"
    head -c 300000 /dev/zero | tr '\0' q >"$scratch/files/one long word"
    : >"$scratch/files/empty"
    echo newline >"$scratch/files/two
lines"
    echo dash >"$scratch/files/-rf"
    ln -s a "$scratch/files/link"
    ln -s . "$scratch/files/loop"
    ln -s nowhere "$scratch/files/dangling"
    mkfifo "$scratch/files/fifo"
    words_agree_with_a_pipeline "$scratch/files"
}

test_hash_reads_every_byte_of_every_file() {
    some_files
    head -c 1000000 /dev/urandom >"$scratch/files/big"
    run 0 compare hash "$scratch/files" --json --repeat 1
    all_agree
    expect_json "$(find "$scratch/files" -type f | wc -l)" answer files
    expect_json "$(find "$scratch/files" -type f -exec cat {} + | wc -c)" answer bytes
    local digest
    digest=$(json get answer digest)
    printf x | dd of="$scratch/files/big" bs=1 seek=500000 conv=notrunc status=none
    printf y | dd of="$scratch/files/big" bs=1 seek=500001 conv=notrunc status=none
    run 0 compare hash "$scratch/files" --json --repeat 1 --models threads
    [[ $(json get answer digest) != "$digest" ]] || fail "another content has the same digest"
}

test_every_workload_gives_one_answer_by_all_models() {
    run 0 compare primes 100000 --json --repeat 1
    all_agree
    expect_json 9592 answer number
    run 0 compare squares 1001 --json --repeat 1
    all_agree
    expect_json 333833500 answer number
    run 0 compare sleep 5 --latency 1 --json --repeat 1
    all_agree
    expect_json 5 answer number
    run 0 compare fetch 5 --latency 1 --timeout 60 --json --repeat 1
    all_agree
    expect_json 5 answer number
    run 0 compare mixed 4 --latency 1 --json --repeat 1
    all_agree
}

run_test "$@"
