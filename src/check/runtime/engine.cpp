// SPDX-License-Identifier: BSL-1.0
#include "engine.hpp"

#include <sys/syscall.h>
#include <unistd.h>
#include <cstring>
#include <new>
#include "arena.hpp"
#include "blocked.hpp"
#include "cancellation.hpp"
#include "detector.hpp"
#include "failure.hpp"
#include "idle.hpp"
#include "model_priority.hpp"
#include "model_signal.hpp"
#include "real.hpp"
#include "sleep_set.hpp"
#include "stack.hpp"
#include "strategy.hpp"
#include "switch.hpp"

namespace heddle::inline v0::check::runtime {

constinit engine_state engine{};
thread_local thread* current_thread __attribute__((tls_model("initial-exec"))) = nullptr;

namespace {

// A schedule pays for each page that it touches: no more than the threads that there are.
alignas(page_size) constinit unsigned char storage[max_threads][sizeof(thread)]{};
alignas(page_size) constinit const void* calls[max_threads][max_calls]{};

// A time-out is a choice like any other if it is near: nobody relies on 10 ms being enough for the others.
// One that is far away stands for "never, if all goes well", and happens only when nothing else can.
bool may_time_out(const thread& t) noexcept {
    if (t.pending.deadline == never) return false;
    if (t.pending.deadline <= engine.now) return true;
    return !flag(order_late_timeouts) && t.pending.deadline - engine.now <= engine.shared->orders.near_ns;
}

unsigned collect(thread** candidates) noexcept {
    unsigned n = 0;
    for_each_thread([&](thread& t) {
        if (can_go(t) || may_time_out(t)) candidates[n++] = &t;
    });
    return n;
}

void note(const thread& chosen, std::uint64_t candidates, std::uint8_t flags) noexcept {
    const operation& op = chosen.pending;
    // A signal comes before what it was about to do.
    const action what = due_signals(chosen) != 0 ? action::signal_handle : op.what;
    if (engine.steps < max_events) {
        event& e = engine.shared->events[engine.steps];
        e.pc = bits(op.pc);
        e.address = bits(op.address);
        e.candidates = candidates;
        e.value = op.value;
        e.thread = chosen.number;
        e.stack = chosen.stack;
        e.slot = chosen.slot;
        e.what = what;
        if (what == action::signal_handle) {
            e.address = bits(&chosen);
            e.value = static_cast<std::uint64_t>(next_signal(due_signals(chosen)));
        }
        e.flags = static_cast<std::uint8_t>(flags | (op.writes ? event_writes : 0));
        e.size = op.size;
        e.offset = op.offset;
    }
    ++engine.steps;
    engine.shared->outcome.steps = engine.steps;  // the explorer watches whether it moves
    const auto mix = [](std::uint64_t x) { engine.hash = (engine.hash ^ x) * 0x100000001B3u; };
    mix(chosen.number);
    mix(static_cast<std::uint64_t>(what));
    mix(bits(op.pc));
}

std::uint64_t slots_of(thread* const* candidates, unsigned n) noexcept {
    std::uint64_t set = 0;
    for (unsigned i = 0; i < n; ++i)
        if (candidates[i]->slot < 64) set |= std::uint64_t{1} << candidates[i]->slot;
    return set;
}

// Who goes on, of those that can.
thread& choose_next(thread& me) noexcept {
    engine.now += engine.shared->orders.step_ns;
    if (engine.steps >= engine.shared->orders.max_steps) fail_without_progress(me);

    if (__atomic_load_n(&engine.arrived, __ATOMIC_RELAXED) != 0) receive_arrived();
    thread* candidates[max_threads];
    unsigned n = collect(candidates);
    while (n == 0) {
        if (!wait_for_something(me)) fail_in_deadlock(me);
        n = collect(candidates);
    }
    if (engine.shared->orders.guided == guidance::branches) {
        n = keep_awake(candidates, n);
        if (n == 0) fail(nullptr, verdict::redundant, "");
    }
    thread* chosen = candidates[0];
    thread* by_default = candidates[0];
    const bool me_could = !me.finished && (can_go(me) || may_time_out(me));
    if (me.undivided != 0 && me_could) {
        chosen = by_default = &me;
    } else if (n > 1) {
        by_default = first_choice(me, candidates, n);
        chosen = choose_thread(me, candidates, n);
    } else {
        note_without_choice(me, candidates[0]);
    }
    if (flag(order_inversion)) watch_for_inversion(me, *chosen);

    std::uint8_t flags = chosen == by_default ? event_default : 0;
    if (n == 1) flags |= event_only;
    if (!me_could) flags |= event_forced;
    if (me.yielded) flags |= event_stood_back;
    chosen->timed_out = !can_go(*chosen);
    if (chosen->timed_out) {
        flags |= event_timed_out;
        if (engine.now < chosen->pending.deadline) engine.now = chosen->pending.deadline;
    }
    note(*chosen, slots_of(candidates, n), flags);
    wake_dependents(*chosen);
    // Whoever stood back for others has done so once any other has gone on.
    for_each_thread([&](thread& t) {
        if (&t != chosen) t.yielded = false;
    });
    ++chosen->steps;
    if (chosen != &me) ++engine.switches;
    __atomic_store_n(&engine.running, chosen, __ATOMIC_RELEASE);
    return *chosen;
}

// Lets somebody go on; returns when `me` has been chosen.
void reschedule(thread& me) noexcept {
    thread& chosen = choose_next(me);
    if (&chosen != &me) switch_to(me, chosen);
}

}  // namespace

void go_on_without(thread& stuck) noexcept {
    const void* const pc = stuck.pending.pc;
    stuck.pending = {.what = action::blocked, .writes = false, .global = true, .pc = pc};
    stuck.yielded = false;
    stuck.stack = 0;
    hand_over(choose_next(stuck));
}

bool can_go(const thread& t) noexcept {
    if (__atomic_load_n(&t.place, __ATOMIC_ACQUIRE) == outside) return false;
    return t.pending.ready == nullptr || t.pending.ready(t) || (t.pending.cancellable && must_leave(t)) ||
           due_signals(t) != 0;
}

turn take_turn(thread& me, const operation& op) noexcept {
    const inside_engine here(me);
    for (;;) {
        me.pending = op;
        me.yielded = op.yields;
        if (op.deadline != never) engine.shared->outcome.timed = 1;
        if (flag(order_stacks)) me.stack = record_stack(op.pc);
        announced(me);
        reschedule(me);
        if (due_signals(me) == 0) return me.timed_out ? turn::timed_out : turn::granted;
        const handled h = handle_signals(me);
        if (h != handled::nothing &&
            (op.interrupted_by_signals == interruption::always ||
             (op.interrupted_by_signals == interruption::unless_restarted && h == handled::without_restart)))
            return turn::interrupted;
    }
}

std::uint64_t choose(thread& me, std::uint64_t n, const void* pc) noexcept {
    if (n < 2) return 0;
    const std::uint64_t value = choose_number(me, n);
    ++me.steps;
    const operation before = me.pending;
    me.pending = {.what = action::choose, .writes = false, .pc = pc, .value = value};
    note(me, n, event_chosen);
    me.pending = before;
    return value;
}

std::uint64_t next_random() noexcept {
    // xorshift64*, as in "An experimental exploration of Marsaglia's xorshift generators" (Vigna, 2016).
    std::uint64_t& x = engine.random;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    return x * 0x2545F4914F6CDD1Du;
}

thread& new_thread(thread* parent, const void* start) noexcept {
    std::uint32_t slot = 0;
    while (slot < engine.slots && engine.threads[slot] != nullptr) ++slot;
    if (slot == max_threads) fail(parent, verdict::not_supported, "more than 256 threads at once");
    if (slot == engine.slots) ++engine.slots;
    if (engine.numbers == max_thread_records) fail(parent, verdict::not_supported, "more than 4096 threads");

    thread& t = *new (storage[slot]) thread{};
    t.own.calls = calls[slot];
    t.running = &t.own;
    t.slot = static_cast<std::uint16_t>(slot);
    t.number = engine.numbers++;
    t.path = parent != nullptr ? thread_path(parent->path, ++parent->children) : 1;
    t.cancel_enabled = true;
    begin_signals(parent, t);
    t.pending.what = action::thread_start;
    t.pending.pc = start;
    t.pending.writes = false;
    engine.threads[slot] = &t;

    thread_record& record = engine.shared->threads[t.number];
    std::memset(&record, 0, sizeof record);
    record.path = t.path;
    record.slot = t.slot;
    record.start = bits(start);
    record.parent = parent != nullptr ? parent->number : 0;
    record.ordinal = parent != nullptr ? parent->children : 0;
    record.state = thread_state::ready;
    begin_execution(parent, t.own, t.number);
    prepare_thread(t);
    return t;
}

void forget_thread(thread& t) noexcept {
    thread_record& record = engine.shared->threads[t.number];
    record.steps = t.steps;
    record.detached = t.detached;
    record.state = thread_state::finished;
    engine.threads[t.slot] = nullptr;
}

void finish(thread& me) noexcept {
    me.pending = {.what = action::thread_end, .writes = false};
    me.finished = true;
    engine.shared->threads[me.number].state = thread_state::finished;
    const inside_engine here(me);
    thread_finished(me);
    if (flag(order_stacks)) me.stack = 0;
    reschedule(me);
}

void begin_schedule(channel& shared) noexcept {
    engine.shared = &shared;
    engine.on = true;
    // Seeds that are close to each other must not give similar sequences: SplitMix64.
    std::uint64_t z = shared.orders.seed + 0x9E3779B97F4A7C15u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    engine.random = (z ^ (z >> 31)) | 1;
    engine.hash = 0xCBF29CE484222325u;
    begin_detector();
    thread& main = new_thread(nullptr, nullptr);
    main.handle = ::pthread_self();
    adopt_main(main);
    begin_strategy();
    engine.running = &main;
    if (flag(order_baton)) watch_for_blocked();
    current_thread = &main;
}

}  // namespace heddle::inline v0::check::runtime
