// SPDX-License-Identifier: BSL-1.0
#include "strategy.hpp"

#include "dependence.hpp"
#include "failure.hpp"
#include "guide.hpp"
#include "policy_driver.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

// PCT: threads begin above this, in random order; those that are demoted go below it, each lower than the
// last.
constexpr std::uint64_t high = std::uint64_t{1} << 40;

struct {
    std::uint64_t changes[16];  // PCT: the steps at which the one in front is demoted
    unsigned n_changes;
    std::uint64_t lowest;
    const thread* last;    // PCT: whom it chose,
    std::uint64_t in_row;  // and how often in a row
    thread* intended;      // SURW: whose interesting event comes next
    bool drawn;
    std::uint64_t drawn_at;  // the step; POS: that of the last draw for all
} state;

std::uint64_t random_below(std::uint64_t n) noexcept {
    return next_random() % n;  // n is small: the bias does not matter
}

strategy_kind how() noexcept {
    return engine.shared->orders.how;
}

void demote(thread& t) noexcept {
    if (how() == strategy_kind::pct) t.priority = --state.lowest;
}

thread* in_front(thread* const* candidates, unsigned n) noexcept {
    thread* best = candidates[0];
    for (unsigned i = 1; i < n; ++i)
        if (candidates[i]->priority > best->priority) best = candidates[i];
    return best;
}

bool only_by_timeout(const thread& t) noexcept {
    return !can_go(t);
}

thread* by_pct(thread* const* candidates, unsigned n) noexcept {
    while (state.n_changes > 0 && state.changes[state.n_changes - 1] <= engine.steps) {
        --state.n_changes;
        demote(*in_front(candidates, n));
    }
    thread* best = in_front(candidates, n);
    state.in_row = best == state.last ? state.in_row + 1 : 0;
    // One that waits for another in a way of its own, over many different steps, would do so for ever; and
    // one that has waited until its time was over has let others go first.
    constexpr std::uint64_t patience = 1'000;
    if (state.in_row > patience) {
        demote(*best);
        best = in_front(candidates, n);
        state.in_row = 0;
    }
    if (only_by_timeout(*best)) demote(*best);
    state.last = best;
    return best;
}

thread* by_pos(thread* const* candidates, unsigned n) noexcept {
    // One whose operation depends on no other's keeps its priority; with a very low one it would wait for
    // ever for those that wait for it in a way of their own.
    constexpr std::uint64_t patience = 1'000;
    if (engine.steps - state.drawn_at > patience) {
        state.drawn_at = engine.steps;
        for (unsigned i = 0; i < n; ++i) candidates[i]->priority = next_random();
    }
    thread* const best = in_front(candidates, n);
    for (unsigned i = 0; i < n; ++i)
        if (candidates[i] != best && dependent(candidates[i]->pending, best->pending))
            candidates[i]->priority = next_random();
    best->priority = next_random();
    return best;
}

bool interesting(const thread& t) noexcept {
    const std::uint64_t wanted = engine.shared->orders.surw_address;
    return t.pending.address != nullptr && (wanted == 0 || bits(t.pending.address) == wanted);
}

// Anyone in proportion to how many interesting events it, and the threads it will start, have left.
void draw_intended() noexcept {
    std::uint64_t sum = 0;
    for_each_thread([&](const thread& t) { sum += t.weight; });
    state.intended = nullptr;
    state.drawn = true;
    state.drawn_at = engine.steps;
    if (sum == 0) return;
    std::uint64_t at = random_below(sum);
    for_each_thread([&](thread& t) {
        if (state.intended == nullptr && at < t.weight) state.intended = &t;
        at -= at < t.weight ? 0 : t.weight;
    });
}

thread* by_surw(thread* const* candidates, unsigned n) noexcept {
    if (!state.drawn) draw_intended();
    // One that goes round without an event, because it waits for another in a way of its own, keeps nobody
    // for ever.
    constexpr std::uint64_t patience = 500;
    if (engine.steps - state.drawn_at > patience) state.intended = nullptr;
    thread* free[max_threads] = {candidates[0]};
    unsigned m = 0;
    for (unsigned i = 0; i < n; ++i)
        if (!interesting(*candidates[i]) || candidates[i] == state.intended || state.intended == nullptr)
            free[m++] = candidates[i];
    thread* const chosen = m > 0 ? free[random_below(m)] : candidates[random_below(n)];
    if (interesting(*chosen)) {
        if (chosen->weight > 0) --chosen->weight;
        draw_intended();
    }
    return chosen;
}

// Stays with `me` as long as it can go, then takes the next one.
thread* by_first(thread& me, thread* const* candidates, unsigned n) noexcept {
    thread* after = nullptr;
    for (unsigned i = 0; i < n; ++i) {
        if (candidates[i] == &me) return &me;
        if (after == nullptr && candidates[i]->slot > me.slot) after = candidates[i];
    }
    return after != nullptr ? after : candidates[0];
}

// Those that the strategy may choose from: none that has just stood back, and those that can only time out
// now and then, because otherwise every wait with a near deadline would time out.
unsigned eligible(strategy_kind how, thread* const* candidates, unsigned n, thread** out) noexcept {
    unsigned m = 0;
    for (unsigned i = 0; i < n; ++i) {
        thread& t = *candidates[i];
        if (t.yielded) continue;
        if (only_by_timeout(t) && how != strategy_kind::pct &&
            (how == strategy_kind::first || random_below(8) != 0))
            continue;
        out[m++] = &t;
    }
    if (m > 0) return m;
    for (unsigned i = 0; i < n; ++i)
        if (!only_by_timeout(*candidates[i])) out[m++] = candidates[i];
    if (m > 0) return m;
    // Only time-outs are left. Where there is no choice it is the next one, so that who waits for a moment
    // again and again keeps nobody from the end of his wait.
    if (how == strategy_kind::first) {
        out[0] = candidates[0];
        for (unsigned i = 1; i < n; ++i)
            if (candidates[i]->pending.deadline < out[0]->pending.deadline) out[0] = candidates[i];
        return 1;
    }
    for (unsigned i = 0; i < n; ++i) out[i] = candidates[i];
    return n;
}

bool goes_nowhere(action what) noexcept {
    switch (what) {
        case action::read:
        case action::atomic_load:
        case action::mutex_trylock:
        case action::read_trylock:
        case action::write_trylock:
        case action::semaphore_trywait:
        case action::yield:
        case action::sleep:
        case action::fence:
            return true;
        default:
            return false;
    }
}

}  // namespace

void begin_strategy() noexcept {
    const orders& o = engine.shared->orders;
    state.lowest = high;
    if (o.how == strategy_kind::pct) {
        const std::uint64_t steps = o.expected_steps > 0 ? o.expected_steps : 100;
        state.n_changes = o.depth > 0 ? o.depth - 1u : 0;
        if (state.n_changes > 16) state.n_changes = 16;
        for (unsigned i = 0; i < state.n_changes; ++i) state.changes[i] = 1 + random_below(steps);
        // Largest first: they are taken from the end.
        for (unsigned i = 0; i < state.n_changes; ++i)
            for (unsigned k = i + 1; k < state.n_changes; ++k)
                if (state.changes[k] > state.changes[i]) {
                    const std::uint64_t c = state.changes[k];
                    state.changes[k] = state.changes[i];
                    state.changes[i] = c;
                }
    }
    if (o.how == strategy_kind::policy) begin_policy();
    begin_guide();
}

void prepare_thread(thread& t) noexcept {
    t.priority = how() == strategy_kind::pct ? high + (next_random() >> 24) : next_random();
    if (how() == strategy_kind::surw) {
        t.weight = 0;
        for (unsigned i = 0; i < engine.shared->n_weights; ++i)
            if (engine.shared->weights[i].path == t.path) t.weight = engine.shared->weights[i].events;
        // What the new thread will do was counted as its creator's until now.
        thread* const creator = current_thread;
        if (creator != nullptr) creator->weight -= t.weight < creator->weight ? t.weight : creator->weight;
    }
}

void announced(thread& me) noexcept {
    // A thread that only looks, or repeats one instruction, waits for another in its own way.
    if (goes_nowhere(me.pending.what) || me.pending.pc == me.last_pc)
        ++me.repeated;
    else
        me.repeated = 0;
    me.last_pc = me.pending.pc;
    if (me.repeated > 50 && !flag(order_keep_going)) {
        me.repeated = 0;
        me.yielded = true;
    }
    if (!me.yielded) return;
    demote(me);
    // SURW: nobody may be kept from an event by one that cannot get to its own, because it waits for others.
    if (const thread* const t = state.intended; t != nullptr && (t == &me || t->finished || !can_go(*t)))
        state.intended = nullptr;
}

thread* choose_thread(thread& me, thread* const* candidates, unsigned n) noexcept {
    ++engine.decisions;
    if (thread* const guided = guided_thread(me, candidates, n)) return guided;
    if (how() == strategy_kind::policy) return thread_by_policy(me, candidates, n);
    thread* left[max_threads] = {candidates[0]};
    const unsigned m = eligible(how(), candidates, n, left);
    if (m == 1) return left[0];
    switch (how()) {
        case strategy_kind::first:
            return by_first(me, left, m);
        case strategy_kind::random_walk:
            return left[random_below(m)];
        case strategy_kind::pct:
            return by_pct(left, m);
        case strategy_kind::pos:
            return by_pos(left, m);
        case strategy_kind::surw:
            return by_surw(left, m);
        case strategy_kind::policy:
            break;
    }
    return left[0];
}

void note_without_choice(thread& me, thread* only) noexcept {
    if (how() == strategy_kind::policy) thread_by_policy(me, &only, 1);
}

thread* first_choice(thread& me, thread* const* candidates, unsigned n) noexcept {
    thread* left[max_threads] = {candidates[0]};
    const unsigned m = eligible(strategy_kind::first, candidates, n, left);
    return m == 1 ? left[0] : by_first(me, left, m);
}

std::uint64_t choose_number(thread& me, std::uint64_t n) noexcept {
    ++engine.decisions;
    std::uint64_t value = 0;
    if (guided_number(me, n, value)) return value;
    const bool plain = how() == strategy_kind::first || how() == strategy_kind::policy;
    return plain ? 0 : random_below(n);
}

}  // namespace heddle::inline v0::check::runtime
