// SPDX-License-Identifier: BSL-1.0
#include "minimise.hpp"

#include <algorithm>
#include <optional>

#include "bounded.hpp"

namespace heddle::inline v0::check {

namespace {

using switch_list = std::vector<guide_switch>;

class attempt {
 public:
    attempt(schedule_server& server, const recording& failing, failure_kind kind, const run_limits& limits,
            const std::function<bool()>& go_on)
        : server_(server),
          base_(failing.asked),
          message_(failing.outcome.message),
          kind_(kind),
          limits_(limits),
          go_on_(go_on) {
        // A smaller schedule that needs many times the steps is none.
        base_.max_steps = std::min<std::uint64_t>(base_.max_steps, failing.outcome.steps * 4 + 10'000);
    }

    // Whether these switches lead to the same failure; then they are replaced by those that took effect.
    bool fails(switch_list& switches) {
        if (!go_on_()) return false;
        ++tried_;
        order_switches(server_, base_, switches);
        const process_end end = server_.run(limits_);
        if (end.lost || end.stopped) return false;
        // Cheap tests first: the copy is only needed of a schedule that fails.
        const outcome& out = server_.shared().outcome;
        if (message_ != out.message) return false;
        const recording r = copy_recording(server_, end);
        if (classify(r) != kind_) return false;
        switch_list effective = switches_of(r);
        if (effective.size() <= switches.size()) switches = std::move(effective);
        return true;
    }

    // The switches of the first schedule with at most `bound` preemptions that fails, among so many.
    std::optional<switch_list> first_within(unsigned bound, unsigned limit) {
        bounded_enumeration all(bound);
        for (unsigned n = 0; n < limit && go_on_(); ++n, ++tried_) {
            channel& c = server_.shared();
            c.orders = base_;
            c.orders.how = strategy_kind::first;
            c.orders.guided = guidance::decisions;
            c.orders.guide_length = all.prefix().size();
            std::copy(all.prefix().begin(), all.prefix().end(), c.guide_decision);
            const process_end end = server_.run(limits_);
            if (end.lost || end.stopped || c.outcome.how == verdict::diverged) break;
            const recording r = copy_recording(server_, end);
            if (classify(r) == kind_ && message_ == r.outcome.message) return switches_of(r);
            if (!all.advance(r)) break;
        }
        return std::nullopt;
    }

    unsigned preemptions(switch_list switches) {
        order_switches(server_, base_, switches);
        return preemptions_of(copy_recording(server_, server_.run(limits_)));
    }

    unsigned tried() const noexcept { return tried_; }
    bool may_go_on() const { return go_on_(); }

 private:
    schedule_server& server_;
    orders base_;
    std::string message_;
    failure_kind kind_;
    run_limits limits_;
    const std::function<bool()>& go_on_;
    unsigned tried_ = 0;
};

switch_list without(const switch_list& all, std::size_t begin, std::size_t end) {
    switch_list rest(all.begin(), all.begin() + static_cast<std::ptrdiff_t>(begin));
    rest.insert(rest.end(), all.begin() + static_cast<std::ptrdiff_t>(end), all.end());
    return rest;
}

}  // namespace

minimised minimise(schedule_server& server, const recording& failing, failure_kind kind,
                   const run_limits& limits, const std::function<bool()>& go_on) {
    minimised result{.switches = switches_of(failing)};
    attempt a(server, failing, kind, limits, go_on);
    switch_list current = result.switches;
    result.reproduced = a.fails(current);
    if (result.reproduced) {
        for (std::size_t chunk = std::max<std::size_t>(1, current.size() / 2); chunk > 0;) {
            bool removed = false;
            for (std::size_t at = 0; at < current.size() && a.may_go_on();) {
                switch_list smaller = without(current, at, std::min(at + chunk, current.size()));
                if (a.fails(smaller)) {
                    current = std::move(smaller);
                    removed = true;
                } else {
                    at += chunk;
                }
            }
            if (!a.may_go_on()) break;
            if (!removed || chunk > current.size()) chunk /= 2;
        }
        // Leaving out is not enough where a smaller schedule makes its changes elsewhere. Of small programs
        // all schedules with fewer preemptions are tried.
        constexpr unsigned limit = 1'000;
        const unsigned preemptions = a.preemptions(current);
        for (unsigned bound = 0; bound < std::min(preemptions, 3u) && a.may_go_on(); ++bound) {
            if (std::optional<switch_list> smaller = a.first_within(bound, limit)) {
                current = std::move(*smaller);
                break;
            }
        }
        result.switches = std::move(current);
    }
    result.tried = a.tried();
    return result;
}

}  // namespace heddle::inline v0::check
