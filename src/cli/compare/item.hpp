// SPDX-License-Identifier: BSL-1.0
#pragma once

// A workload is a list of items. An item says by itself what is to be done, so that it can travel to a
// process; what comes back is a partial answer and when, where and at what cost it was made.

#include <cstdint>
#include <heddle/process/travel.hpp>
#include <heddle/task/task.hpp>
#include <string>
#include <utility>
#include <vector>

namespace heddle::inline v0::cli {

enum class work_kind : std::uint32_t { words, hash, primes, squares, sleep, fetch };

/// One piece of work. Which members count depends on the kind.
struct item {
    work_kind kind{};
    std::vector<std::string> files;  // words, hash
    std::uint64_t from = 0;          // primes, squares: the numbers in [from, to)
    std::uint64_t to = 0;
    std::uint64_t wait_us = 0;  // sleep: how long; fetch: after how long to give up
    std::string address;        // fetch: numeric address, port, Host header and path
    std::uint16_t port = 0;
    std::string host;
    std::string path;

    template <class Archive> void serialize(Archive& a) {
        a(kind, files, from, to, wait_us, address, port, host, path);
    }
};

/// What an item contributes to the answer. Two answers are equal if their digests are.
struct partial_answer {
    std::vector<std::pair<std::string, std::uint64_t>> words;  // word, how often
    std::vector<std::pair<std::string, std::string>> hashes;   // file, SHA-256
    std::uint64_t number = 0;                                  // primes, sum of squares, sleeps, pages
    std::uint64_t bytes = 0;                                   // read
    std::uint64_t files = 0;                                   // read
    std::vector<std::string> problems;                         // what could not be read or fetched, and why

    template <class Archive> void serialize(Archive& a) { a(words, hashes, number, bytes, files, problems); }
};

/// When and where an item was worked on; times are nanoseconds of rt::clock, comparable between processes.
struct span {
    std::int64_t start = 0;
    std::int64_t end = 0;
    std::int64_t cpu = 0;  // CPU time of the thread meanwhile
    std::int32_t who = 0;  // the thread's id
    template <class Archive> void serialize(Archive& a) { a(start, end, cpu, who); }
};

struct item_result {
    partial_answer answer;
    span when;
    template <class Archive> void serialize(Archive& a) { a(answer, when); }
};

/// Does the work, blocking.
item_result run_item(const item& i);
/// Does the work in a coroutine: what waits is awaited, what computes blocks the loop, as it would in any
/// program.
task<item_result> run_item_async(const item& i);

// The kinds; each adds to the answer.
void count_words(const item& i, partial_answer& a);
void hash_files(const item& i, partial_answer& a);
void count_primes(const item& i, partial_answer& a);
void sum_squares(const item& i, partial_answer& a);
void sleep_blocking(const item& i, partial_answer& a);
task<void> sleep_async(const item& i, partial_answer& a);
void fetch_blocking(const item& i, partial_answer& a);
task<void> fetch_async(const item& i, partial_answer& a);

}  // namespace heddle::inline v0::cli
