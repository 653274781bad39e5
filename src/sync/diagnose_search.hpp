// SPDX-License-Identifier: BSL-1.0
#pragma once

// What lock diagnosis looks for in its books.

#include <string>
#include <utility>
#include <vector>
#include "diagnose_books.hpp"

namespace heddle::inline v0::detail {

/// A finding before its stacks have names, which are looked up under no lock.
struct raw_finding {
    lock_problem what{};
    std::vector<std::string> tasks;
    std::vector<std::string> locks;
    std::vector<std::pair<std::string, raw_stack>> stacks;
    std::chrono::nanoseconds how_long{};
    lock_finding named() const;
};

/// The name of a task in a report.
std::string task_name(const lock_books& b, task_number number);

/// Notes that `task` takes the lock at `site` while it holds `held`, and adds what that shows.
void note_order(lock_books& b, task_number task, const void* held, const lock_site& site,
                const raw_stack& stack, std::vector<raw_finding>& findings);
/// Adds the cycle in which `task`, which is about to wait, would be, if there is one.
void find_deadlock(const lock_books& b, task_number task, std::vector<raw_finding>& findings);

}  // namespace heddle::inline v0::detail
