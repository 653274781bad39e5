// SPDX-License-Identifier: BSL-1.0
#pragma once

// What lock diagnosis knows: the books that diagnose.cpp keeps and that diagnose_report.cpp makes text of.

#include <array>
#include <chrono>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/sync/detail/diagnosing.hpp>
#include <heddle/sync/diagnose.hpp>
#include <heddle/sync/timer.hpp>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

namespace rt {
class worker;
}

namespace detail {

/// Return addresses, as they were found; made into names only for a report.
struct raw_stack {
    static constexpr int most = 20;
    std::array<void*, most> frames{};
    int depth = 0;
    /// Of the caller. Not inlined, so that its own frame can be left out.
    static raw_stack here() noexcept;
    lock_stack named(std::string caption) const;
};

using task_number = std::uint64_t;
using lock_number = std::uint64_t;  // of a lock while it lives: the next at its address has another

/// A task that holds a lock.
struct holding {
    task_number task;
    bool shared;
    rt::clock::time_point since;
    raw_stack stack;
    const rt::worker* worker;  // on which it was taken, null if on none
    bool reported = false;
};

struct known_lock {
    lock_number number;
    const char* kind;
    std::string name;
    std::vector<holding> holders;
    std::uint64_t taken = 0;
    std::uint64_t waited = 0;
    std::chrono::nanoseconds total_wait{};
    std::chrono::nanoseconds longest_wait{};
    std::chrono::nanoseconds longest_hold{};
    std::string text(const void* address) const;
};

/// What a task waits for: a lock, or the end of another task.
struct waiting {
    const void* lock = nullptr;
    task_number task = 0;
    bool shared = false;
    bool limited = false;
    rt::clock::time_point since;
    raw_stack stack;
    std::uint64_t taken_before = 0;  // how often others had had the lock
    bool reported = false;
};

struct known_task {
    std::string name;
    std::vector<const void*> held;
    std::optional<waiting> waits;
};

/// That a lock was taken while another was held.
struct order_edge {
    std::string task;
    raw_stack held_since;
    raw_stack taken_at;
    bool all_shared;                  // both for reading, each time
    std::set<lock_number> also_held;  // each time: a cycle all of which happens under one lock is none
};

/// Everything; guarded by `lock`, under which no code of the user's runs and no bucket is locked.
struct lock_books {
    explicit lock_books(lock_diagnosis_options o) : options(std::move(o)) {}

    rt::word_lock lock;
    const lock_diagnosis_options options;
    lock_number numbers = 0;
    std::unordered_map<const void*, known_lock> locks;
    std::unordered_map<lock_number, const void*> places;
    std::unordered_map<task_number, known_task> tasks;
    std::map<lock_number, std::map<lock_number, order_edge>> order;
    std::set<std::vector<lock_number>> reported;  // sets of locks whose order has been reported
    std::set<std::vector<void*>> held_up;         // where waits have held up a loop, and were reported
    bool watched = false;                         // the timer has been started
    lock_books* put_aside_before = nullptr;       // once they are replaced
};

/// Passes a finding to whoever wants it.
void report_finding(const lock_books& books, const lock_finding& finding) noexcept;
/// The name of a task in a report.
std::string task_text(task_number number, const std::string& name);
std::string duration_text(std::chrono::nanoseconds d);

}  // namespace detail
}  // namespace heddle::inline v0
