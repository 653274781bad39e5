// SPDX-License-Identifier: BSL-1.0
#include "guide.hpp"

#include "arena.hpp"
#include "failure.hpp"
#include "sleep_set.hpp"
#include "strategy.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

// Index of the switches by thread and step: open addressing, entries plus 1. At most half full.
constexpr unsigned table_size = 1u << 16;
alignas(page_size) constinit std::uint32_t table[table_size]{};

std::size_t slot_of(std::uint64_t path, std::uint64_t step) noexcept {
    return ((path ^ (step * 0x9E3779B97F4A7C15u)) * 0xD6E8FEB86659FD93u) >> 48;
}

const guide_switch* find_switch(const thread& me, bool chosen) noexcept {
    for (std::size_t i = slot_of(me.path, me.steps);; i = (i + 1) % table_size) {
        if (table[i] == 0) return nullptr;
        const guide_switch& s = engine.shared->guide_switches[table[i] - 1];
        if (s.thread == me.path && s.step == me.steps && (s.chosen != 0) == chosen) return &s;
    }
}

[[noreturn]] void diverge(thread& me) noexcept {
    engine.shared->outcome.diverged_at = engine.steps;
    fail(&me, verdict::diverged, "the program took another path than the schedule that is replayed");
}

bool decided(guide_branch& decision) noexcept {
    const orders& o = engine.shared->orders;
    if (engine.guide_at >= o.guide_length) return false;
    if (o.guided == guidance::decisions)
        decision = {0, engine.shared->guide_decision[engine.guide_at++], {}};
    else if (o.guided == guidance::branches)
        decision = engine.shared->guide_branches[engine.guide_at++];
    else
        return false;
    return true;
}

}  // namespace

void begin_guide() noexcept {
    const orders& o = engine.shared->orders;
    if (o.guided != guidance::switches) return;
    if (o.guide_length > table_size / 2)
        fail(nullptr, verdict::not_supported, "a schedule of more than 32768 changes of thread");
    for (std::uint32_t k = 0; k < o.guide_length; ++k) {
        const guide_switch& s = engine.shared->guide_switches[k];
        std::size_t i = slot_of(s.thread, s.step);
        while (table[i] != 0) i = (i + 1) % table_size;
        table[i] = k + 1;
    }
}

thread* guided_thread(thread& me, thread* const* candidates, unsigned n) noexcept {
    if (guide_branch branch{}; decided(branch)) {
        put_to_sleep(candidates, n, branch.explored);
        for (unsigned i = 0; i < n; ++i)
            if (candidates[i]->slot == branch.chosen) return candidates[i];
        diverge(me);
    }
    if (engine.shared->orders.guided != guidance::switches) return nullptr;
    if (const guide_switch* const s = find_switch(me, false))
        for (unsigned i = 0; i < n; ++i)
            if (candidates[i]->path == s->next) return candidates[i];
    return nullptr;
}

bool guided_number(thread& me, std::uint64_t n, std::uint64_t& value) noexcept {
    if (guide_branch branch{}; decided(branch)) {
        if (branch.chosen >= n) diverge(me);
        value = branch.chosen;
        return true;
    }
    if (engine.shared->orders.guided != guidance::switches) return false;
    const guide_switch* const s = find_switch(me, true);
    value = s != nullptr && s->next < n ? s->next : 0;
    return true;
}

}  // namespace heddle::inline v0::check::runtime
