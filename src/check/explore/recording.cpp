// SPDX-License-Identifier: BSL-1.0
#include "recording.hpp"

#include <algorithm>

namespace heddle::inline v0::check {

recording copy_recording(const schedule_server& server, const process_end& end) {
    const channel& c = server.shared();
    recording r{.asked = c.orders,
                .outcome = c.outcome,
                .end = end,
                .events = {},
                .threads = {},
                .races = {},
                .stacks = {}};
    r.events.assign(c.events, c.events + std::min<std::uint64_t>(c.outcome.steps, max_events));
    r.threads.assign(c.threads, c.threads + std::min(c.outcome.threads, max_thread_records));
    r.races.assign(c.races, c.races + std::min(c.outcome.races, max_races));
    const std::uint32_t kept = std::min(c.outcome.stacks, max_stacks);
    r.first_stack = c.outcome.stacks - kept + 1;
    for (std::uint32_t n = r.first_stack; n < r.first_stack + kept; ++n)
        r.stacks.push_back(c.stacks[(n - 1) % max_stacks]);
    return r;
}

}  // namespace heddle::inline v0::check
