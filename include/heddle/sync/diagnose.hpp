// SPDX-License-Identifier: BSL-1.0
#pragma once

// Lock diagnosis: finds in a running program what heddle check finds by exploring. Off by default; on with
// HEDDLE_DIAGNOSE=1 in the environment or by a call. For mutex, recursive_mutex, fair_mutex, priority_mutex,
// shared_mutex, and the joins of threads.

#include <chrono>
#include <cstdint>
#include <functional>
#include <heddle/rt/config.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace heddle::inline v0 {

/// What can be wrong with locks.
enum class lock_problem {
    self_deadlock,     ///< a task waits for a lock that it holds itself
    cycle,             ///< tasks wait for each other, and none can go on
    order,             ///< locks are taken in orders that could lead to a cycle, though it has not happened
    held_long,         ///< a lock is or was held for longer than allowed
    starved,           ///< a task waits for longer than allowed, and others get the lock meanwhile
    destroyed_in_use,  ///< a lock is destroyed that somebody holds
    blocked_loop,      ///< a worker is blocked by a wait for a lock whose holder needs that worker to go on
    held_up_loop,      ///< the thread of a loop is blocked by a wait for something that is no lock
};

/// A place in the program: what was called from where, the innermost first.
struct lock_stack {
    std::string caption;              ///< who did what there
    std::vector<std::string> frames;  ///< "function+0x12 (program+0x1234)"
};

/// One finding.
struct lock_finding {
    lock_problem what{};
    std::vector<std::string> tasks;  ///< names or numbers, in the order of the cycle
    std::vector<std::string> locks;  ///< of a cycle: that which each of the tasks waits for
    std::vector<lock_stack> stacks;
    std::chrono::nanoseconds how_long{};  ///< of held_long and starved
    /// What is printed by default: several lines.
    std::string text() const;
};

/// What is looked for.
struct lock_diagnosis_options {
    bool order = true;                          ///< remember which lock was taken while which was held
    std::chrono::milliseconds held_long{1000};  ///< zero: not looked for; so with the next
    std::chrono::milliseconds starved{1000};
    bool throw_on_deadlock = true;                      ///< deadlock_error to the one that closes the cycle
    std::function<void(const lock_finding&)> report{};  ///< empty: standard error
};

/// Starts it, or starts it anew with other options. Locks that are held at that moment are not known of.
///
/// Until it ends, what waits for one of these locks or for the end of a thread throws deadlock_error where
/// the wait could never end (lock_diagnosis_options::throw_on_deadlock).
///
/// Thread-safety: any thread. `report` is called in whichever task finds something, under no lock, at most
/// once for each set of locks, cycle, or place where a loop is held up. Complexity: while on, a lock of the
/// whole process and a map entry for each lock held and each pair of locks seen, and a stack walked each time
/// that one is taken; while off, a load when a lock is taken and one when it is given back. Throws:
/// std::bad_alloc.
HEDDLE_API void enable_lock_diagnosis(lock_diagnosis_options options = {});
/// Ends it and forgets everything. Thread-safety: any thread.
HEDDLE_API void disable_lock_diagnosis() noexcept;
/// Whether it is on.
HEDDLE_API bool lock_diagnosis_enabled() noexcept;

namespace detail {
/// What HEDDLE_DIAGNOSE says; nothing if it says no. Sets `problem` where it cannot be understood.
HEDDLE_API std::optional<lock_diagnosis_options> parse_diagnose(std::string_view text, std::string& problem);
}  // namespace detail

/// Somebody who holds a lock, or waits for it.
struct lock_user {
    std::uint64_t task = 0;
    std::string name;
    bool shared = false;
    std::chrono::nanoseconds since{};  ///< for how long
    lock_stack where;
};

/// What is known of a lock that has been used since diagnosis is on. Moments are lengths of time before the
/// snapshot, so that a viewer in another process can show them.
struct lock_activity {
    const void* address = nullptr;
    std::string kind;
    std::string name;
    std::vector<lock_user> holders;
    std::vector<lock_user> waiters;
    std::uint64_t taken = 0;   ///< how often
    std::uint64_t waited = 0;  ///< how often somebody had to wait
    std::chrono::nanoseconds total_wait{};
    std::chrono::nanoseconds longest_wait{};
    std::chrono::nanoseconds longest_hold{};
};

/// All locks that have been used and not destroyed since diagnosis is on, at one moment; empty while it is
/// off. Thread-safety: any thread. Throws: std::bad_alloc.
HEDDLE_API std::vector<lock_activity> lock_snapshot();
/// The same as text, of those that are held or waited for.
HEDDLE_API std::string lock_dump();

}  // namespace heddle::inline v0
