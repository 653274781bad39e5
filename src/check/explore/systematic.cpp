// SPDX-License-Identifier: BSL-1.0
// The part of a search that runs all schedules of a kind, one after the other.
#include <algorithm>
#include <iterator>

#include "bounded.hpp"
#include "campaign.hpp"
#include "exhaustive.hpp"
#include "plan.hpp"

namespace heddle::inline v0::check {

namespace {

std::ptrdiff_t conflicts_known(const schedule_server& server) {
    const auto& hot = server.shared().hot;
    return std::count_if(std::begin(hot), std::end(hot), [](std::uint64_t pc) { return pc != 0; });
}

}  // namespace

// The orders of a systematic schedule: hot instructions only, and no preemption but those of the guide.
orders campaign::systematic_orders(guidance how, std::size_t length, unsigned cpus) {
    orders asked = plan(o_, warm_up + 1, instrumented_, expected_);
    asked.workers = cpus;
    asked.how = strategy_kind::first;
    asked.guided = how;
    asked.guide_length = length;
    return asked;
}

// @return whether one more systematic schedule may be run.
bool campaign::systematic_may_go_on() {
    const bool shared = o_.mode == search_mode::rotate;  // with the random ones
    if (!time_left() ||
        result_.systematic >= (shared ? std::max<std::uint64_t>(o_.schedules / 2, 1) : o_.schedules))
        return false;
    if (o_.progress && !o_.progress(done_)) {
        interrupted_ = true;
        stop_ = true;
        return false;
    }
    ++result_.systematic;
    return true;
}

// Beside the random ones only schedules of a small program are worth their time; one that waits in a loop has
// ever longer ones.
bool campaign::turns_out_large(const schedule_server& server) const {
    return o_.mode == search_mode::rotate && server.shared().outcome.decisions > small_program;
}

// All with no preemption, then all with one, and so on. @return false if the search is over.
bool campaign::run_bounded(std::shared_ptr<schedule_server>& server) {
    for (unsigned bound = 0; bound <= o_.depth; ++bound) {
        const auto known_before = conflicts_known(*server);
        bool limited = false;
        for (unsigned cpus = o_.cpus.least; cpus <= o_.cpus.most; ++cpus) {
            bounded_enumeration all(bound);
            do {
                if (!systematic_may_go_on()) return false;
                const orders asked = systematic_orders(guidance::decisions, all.prefix().size(), cpus);
                std::copy(all.prefix().begin(), all.prefix().end(), server->shared().guide_decision);
                if (!run_one(server, asked, next_.fetch_add(1))) return false;
                // Not deterministic: nothing can be said.
                if (server->shared().outcome.how == verdict::diverged || turns_out_large(*server))
                    return false;
            } while (all.advance(copy_recording(*server, {})));
            limited |= all.limited();
        }
        // Conflicts that were first seen now make more points: all again, with those.
        if (conflicts_known(*server) != known_before) {
            --bound;
            continue;
        }
        result_.complete_to = bound;
        result_.complete_in = result_.systematic;
        if (!limited) {
            result_.complete = true;
            return false;
        }
    }
    return true;
}

// All, for each number of CPUs.
void campaign::run_exhaustive(std::shared_ptr<schedule_server>& server) {
    for (unsigned cpus = o_.cpus.least; cpus <= o_.cpus.most; ++cpus)
        if (!run_exhaustive(server, cpus)) return;
    result_.complete = true;
}

// Which steps depend on each other is known where memory is a point, and no step depends on the time. @return
// false if there are others.
bool campaign::run_exhaustive(std::shared_ptr<schedule_server>& server, unsigned cpus) {
    bool reduced = (systematic_orders(guidance::none, 0, cpus).flags & order_memory_points) != 0;
    for (;;) {
        const auto known_before = conflicts_known(*server);
        const bool reduced_before = reduced;
        exhaustive_enumeration all(reduced);
        exhaustive_enumeration::step next;
        do {
            if (!systematic_may_go_on()) return false;
            const std::vector<guide_branch> guide = all.guide();
            const orders asked = systematic_orders(guidance::branches, guide.size(), cpus);
            std::copy(guide.begin(), guide.end(), server->shared().guide_branches);
            if (!run_one(server, asked, next_.fetch_add(1))) return false;
            if (turns_out_large(*server)) return false;
            if (server->shared().outcome.timed != 0) reduced = false;
            next = all.advance(copy_recording(*server, {}));
            if (next == exhaustive_enumeration::step::unlike) return false;
        } while (next == exhaustive_enumeration::step::more && reduced == reduced_before);
        if (reduced == reduced_before && conflicts_known(*server) == known_before) return true;
    }
}

}  // namespace heddle::inline v0::check
