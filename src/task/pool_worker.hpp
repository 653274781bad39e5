// SPDX-License-Identifier: BSL-1.0
#pragma once

// One worker of a pool: the run loop, with what the pool keeps for each.

#include <atomic>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/patience.hpp>
#include <heddle/rt/worker.hpp>
#include <string>
#include <utility>
#include <vector>
#include "work_deque.hpp"

namespace heddle::inline v0::detail {

class pool_fiber;
class fork_context;

/// Members belong to the worker's thread but where it says otherwise.
struct pool_worker : rt::worker {
    pool_worker(std::string name, std::size_t number)
        : rt::worker(std::move(name)),
          index(number),
          random(0x9E3779B97F4A7C15ull * (number + 1)) {}

    /// xorshift, for the order in which the others are asked for work. Source: G. Marsaglia, "Xorshift RNGs"
    /// (2003).
    std::size_t draw(std::size_t below) noexcept {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        return static_cast<std::size_t>(random % below);
    }

    const std::size_t index;
    std::uint64_t random;
    work_deque deque;  // thieves: steal(), empty()
    /// What it does before anything else: nobody else can take it, so it is no reason to wake anybody.
    rt::runnable* next = nullptr;
    std::vector<pool_fiber*> spare;  // fibers at rest
    std::size_t trimmed = 0;         // the first so many of them have been trimmed since they came to rest
    rt::patience patience;
    rt::clock::time_point asleep_since;
    rt::patience::wake_up woken_by;  // under the lock of the sleepers while it is on the list
    bool just_woken = false;         // for work, and has not found it yet
    unsigned pushes = 0;             // to the deque, since the others' work was last looked at
    bool searching = false;  // as the one of the pool; under the lock of the sleepers while it is on the list
    bool listed = false;     // as asleep; under that lock

    // Counted here and read by others: of calls and forks, when they began here and when they ended here.
    // What began and has not ended is suspended, or runs.
    alignas(64) std::atomic<std::uint64_t> begun{0};
    std::atomic<std::uint64_t> ended{0};
    std::atomic<std::uint64_t> steals{0};
    std::atomic<std::uint64_t> asks{0};
    std::atomic<std::uint64_t> promotions{0};
    std::atomic<std::uint64_t> sleeps{0};
    std::atomic<fork_context*> running{nullptr};  // the forks of the fiber that it last went on with

    /// Adds to a counter of this worker's: nobody else writes it.
    static void count(std::atomic<std::uint64_t>& c, std::uint64_t n = 1) noexcept {
        c.store(c.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
    }
};

}  // namespace heddle::inline v0::detail
