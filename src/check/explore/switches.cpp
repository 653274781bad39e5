// SPDX-License-Identifier: BSL-1.0
#include "switches.hpp"

#include <algorithm>

namespace heddle::inline v0::check {

std::vector<guide_switch> switches_of(const recording& r) {
    std::vector<guide_switch> result;
    std::vector<std::uint32_t> steps(r.threads.size(), 0);
    std::uint32_t before = 0;  // whoever announced: the thread of the step before
    for (const event& e : r.events) {
        if (e.thread >= r.threads.size()) break;
        if ((e.flags & event_chosen) != 0) {
            if (e.value != 0) result.push_back({r.threads[e.thread].path, e.value, steps[e.thread], 1});
        } else if ((e.flags & event_default) == 0) {
            result.push_back({r.threads[before].path, r.threads[e.thread].path, steps[before], 0});
        }
        before = e.thread;
        ++steps[e.thread];
    }
    return result;
}

unsigned preemptions_of(const recording& r) noexcept {
    unsigned n = 0;
    std::uint32_t before = 0;
    for (const event& e : r.events) {
        if (e.thread != before && (e.flags & (event_forced | event_stood_back)) == 0) ++n;
        before = e.thread;
    }
    return n;
}

void order_switches(schedule_server& server, const orders& base, const std::vector<guide_switch>& switches) {
    channel& c = server.shared();
    c.orders = base;
    c.orders.how = strategy_kind::first;
    c.orders.guided = guidance::switches;
    c.orders.guide_length = switches.size();
    std::copy(switches.begin(), switches.end(), c.guide_switches);
}

}  // namespace heddle::inline v0::check
