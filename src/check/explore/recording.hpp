// SPDX-License-Identifier: BSL-1.0
#pragma once

// One schedule as it was run, copied out of the channel: what reports, minimising and replay files are made
// of.

#include <check/channel.hpp>
#include <check/explore/schedule_server.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace heddle::inline v0::check {

struct recording {
    orders asked{};  ///< with which orders it was run
    struct outcome outcome{};
    process_end end{};
    std::vector<event> events{};  ///< all steps
    std::vector<thread_record> threads{};
    std::vector<race_record> races{};
    /// The last stacks that were recorded; empty unless the orders asked for them. See stack_of().
    std::vector<stack_record> stacks{};
    std::uint32_t first_stack = 1;  ///< number of stacks.front()

    /// Stack number `n` of an event, thread or race, innermost return address first; null if it was not kept.
    const stack_record* stack_of(std::uint32_t n) const noexcept {
        return n >= first_stack && n - first_stack < stacks.size() ? &stacks[n - first_stack] : nullptr;
    }
};

/// Copies the schedule that `server` has just run.
recording copy_recording(const schedule_server& server, const process_end& end);

}  // namespace heddle::inline v0::check
