// SPDX-License-Identifier: BSL-1.0
#include "bounded.hpp"

namespace heddle::inline v0::check {

namespace {
constexpr unsigned slots = 64;  // events name the candidates of so many
}  // namespace

bool bounded_enumeration::advance(const recording& r) {
    // The decisions of this schedule, and at each who would have gone on by itself.
    std::vector<decision> decisions;
    std::uint16_t before = 0;
    unsigned preemptions = 0;
    for (const event& e : r.events) {
        const bool number = (e.flags & event_chosen) != 0;
        if (number) {
            decisions.push_back({e.candidates, static_cast<std::uint16_t>(e.value), none, true, preemptions});
            continue;
        }
        const bool could_go_on = (e.flags & event_forced) == 0 && (e.flags & event_stood_back) == 0;
        if ((e.flags & event_only) == 0)
            decisions.push_back({e.candidates, e.slot, could_go_on ? before : none, false, preemptions});
        if (e.slot != before && could_go_on) ++preemptions;
        before = e.slot;
    }

    // Depth first: the last decision that has an alternative not tried yet. Those before the prefix's end
    // were tried up to what was chosen; in the order: the default first, then by slot, without the default.
    while (!decisions.empty()) {
        const decision& d = decisions.back();
        const std::size_t at = decisions.size() - 1;
        const std::uint16_t first = at < defaults_.size() ? defaults_[at] : d.chosen;
        const auto take = [&](std::uint16_t next) {
            defaults_.resize(at + 1, none);
            for (std::size_t i = 0; i <= at; ++i)
                if (defaults_[i] == none) defaults_[i] = decisions[i].chosen;
            prefix_.clear();
            for (std::size_t i = 0; i < at; ++i) prefix_.push_back(decisions[i].chosen);
            prefix_.push_back(next);
        };
        if (d.number) {
            if (static_cast<std::uint64_t>(d.chosen) + 1 < d.candidates) {
                take(static_cast<std::uint16_t>(d.chosen + 1));
                return true;
            }
        } else if (d.current == none || d.preemptions < bound_) {
            // The default was tried first; the others follow in the order of their slots.
            for (unsigned s = d.chosen == first ? 0 : d.chosen + 1u; s < slots; ++s) {
                if (s == first || (d.candidates >> s & 1) == 0) continue;
                take(static_cast<std::uint16_t>(s));
                return true;
            }
        } else if ((d.candidates & (d.candidates - 1)) != 0) {
            limited_ = true;
        }
        decisions.pop_back();
        if (defaults_.size() > decisions.size()) defaults_.resize(decisions.size());
    }
    return false;
}

}  // namespace heddle::inline v0::check
