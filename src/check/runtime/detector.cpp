// SPDX-License-Identifier: BSL-1.0
#include "detector.hpp"

#include <sys/mman.h>
#include <cstring>
#include "arena.hpp"
#include "failure.hpp"
#include "hot.hpp"
#include "shadow.hpp"
#include "stack.hpp"

namespace heddle::inline v0::check::runtime {

inline constexpr unsigned max_actors = 1024;

/// For each actor, how many of its releases are known; 0 for those from `size` on.
struct vector_clock {
    std::uint32_t* of;
    std::uint32_t size;
    std::uint32_t first[13];  // `of` until there are more
};

namespace {

constinit bool looking = false;
constinit std::uint32_t actors = 0;
alignas(page_size) constinit std::uint32_t thread_of[max_actors]{};  // by actor: the number of the thread

vector_clock* new_clock() noexcept {
    auto* const c = static_cast<vector_clock*>(from_arena(sizeof(vector_clock)));
    c->of = c->first;
    c->size = sizeof c->first / sizeof c->first[0];
    return c;
}

// Room for all actors that there are.
void grow(vector_clock& c) noexcept {
    std::uint32_t size = c.size;
    while (size < actors) size *= 2;
    auto* const of = static_cast<std::uint32_t*>(from_arena(size * sizeof(std::uint32_t)));
    std::memcpy(of, c.of, c.size * sizeof(std::uint32_t));
    c.of = of;
    c.size = size;
}

void join(vector_clock& into, const vector_clock& other) noexcept {
    if (into.size < other.size) grow(into);
    const std::uint32_t n = other.size < actors ? other.size : actors;
    for (std::uint32_t i = 0; i < n; ++i)
        if (other.of[i] > into.of[i]) into.of[i] = other.of[i];
}

std::uint32_t known(const vector_clock& c, std::uint32_t actor) noexcept {
    return actor < c.size ? c.of[actor] : 0;
}

// The calling thread's clock has room for itself.
void advance(thread& t) noexcept {
    ++t.running->clock->of[t.running->actor];
}

void report(thread& me, const access& a, const shadow_cell& earlier) noexcept {
    outcome& out = engine.shared->outcome;
    const std::uint64_t pc = bits(a.pc);
    for (std::uint32_t i = 0; i < out.races; ++i) {
        const race_record& r = engine.shared->races[i];
        if ((r.first.pc == earlier.pc && r.second.pc == pc) ||
            (r.first.pc == pc && r.second.pc == earlier.pc))
            return;
    }
    if (out.races == max_races) return;
    race_record& r = engine.shared->races[out.races++];
    std::memset(&r, 0, sizeof r);
    r.address = bits(a.address);
    r.step = engine.steps;
    r.first = {.pc = earlier.pc,
               .thread = thread_of[earlier.actor],
               .stack = 0,
               .writes = earlier.writes(),
               .atomic = earlier.atomic(),
               .size = static_cast<std::uint8_t>(__builtin_popcount(earlier.mask)),
               .frees = earlier.frees(),
               .unused = {}};
    r.second = {.pc = pc,
                .thread = me.number,
                .stack = 0,
                .writes = a.writes,
                .atomic = a.atomic,
                .size = static_cast<std::uint8_t>(a.size > 255 ? 0 : a.size),
                .frees = a.frees,
                .unused = {}};
    if (flag(order_stacks))
        // What the instrumentation knows of the stack ends where code begins that has none.
        r.second.stack = a.called ? record_stack(a.pc) : record_call_stack(me, a.pc);
    if (flag(order_races_fail)) fail(&me, verdict::data_race, "");
}

// One granule of eight bytes.
void look(thread& me, const access& a, std::uint64_t begin, std::uint8_t mask) noexcept {
    shadow& s = shadow_of(begin);
    shadow_cell* mine = nullptr;
    for (shadow_cell& c : s.cells) {
        if (c.mask == 0) {
            if (mine == nullptr) mine = &c;
            continue;
        }
        if (c.actor == me.running->actor) {
            // The same bytes again, at least as strong: in place of the earlier one.
            if (c.mask == mask && (a.writes || !c.writes()) && c.atomic() == a.atomic) mine = &c;
            continue;
        }
        if ((c.mask & mask) == 0 || !(c.writes() || a.writes)) continue;
        if (flag(order_find_hot)) {
            note_conflict(bits(a.pc));
            note_conflict(c.pc);
        }
        if (flag(order_races) && c.clock > known(*me.running->clock, c.actor) && !(c.atomic() && a.atomic))
            report(me, a, c);
    }
    if (mine == nullptr) mine = &s.cells[s.next++ % shadow_cells];
    mine->pc = bits(a.pc) & ((std::uint64_t{1} << 48) - 1);
    mine->clock = me.running->clock->of[me.running->actor];
    mine->actor = me.running->actor;
    mine->mask = mask;
    mine->flags = static_cast<std::uint8_t>((a.writes ? shadow_writes : 0) | (a.atomic ? shadow_atomic : 0) |
                                            (a.frees ? shadow_frees : 0));
}

}  // namespace

void begin_detector() noexcept {
    looking = flag(order_races) || flag(order_find_hot);
    actors = 0;
}

void begin_execution(thread* creator, execution& e, std::uint32_t number) noexcept {
    if (!looking) return;
    if (actors == max_actors)
        fail(creator, verdict::not_supported, "more than 1024 threads and fibers where races are looked for");
    e.actor = static_cast<std::uint16_t>(actors++);
    thread_of[e.actor] = number;
    e.clock = new_clock();
    if (e.clock->size < actors) grow(*e.clock);
    e.seen = e.published = nullptr;
    if (creator != nullptr) {
        join(*e.clock, *creator->running->clock);
        advance(*creator);
    }
    e.clock->of[e.actor] = 1;
}

void switch_execution(thread& t, execution& to, bool ordered) noexcept {
    if (looking && ordered) {
        join(*to.clock, *t.running->clock);
        advance(t);
    }
    t.running = &to;
}

void thread_finished(thread& t) noexcept {
    if (looking) advance(t);
}

void acquire(thread& t, object& o) noexcept {
    if (looking && o.released != nullptr) join(*t.running->clock, *o.released);
}

void acquire_alone(thread& t, object& o) noexcept {
    acquire(t, o);
    if (looking && o.read != nullptr) join(*t.running->clock, *o.read);
}

void release(thread& t, object& o) noexcept {
    if (!looking) return;
    if (o.released == nullptr) o.released = new_clock();
    join(*o.released, *t.running->clock);
    advance(t);
}

void release_as_reader(thread& t, object& o) noexcept {
    if (!looking) return;
    if (o.read == nullptr) o.read = new_clock();
    join(*o.read, *t.running->clock);
    advance(t);
}

void synchronise(thread& to, thread& from) noexcept {
    if (looking) join(*to.running->clock, *from.running->clock);
}

void acquire_at_fence(thread& t, const object& o) noexcept {
    if (!looking || o.released == nullptr) return;
    execution& e = *t.running;
    if (e.seen == nullptr) e.seen = new_clock();
    join(*e.seen, *o.released);
}

void release_from_fence(thread& t, object& o) noexcept {
    if (!looking || t.running->published == nullptr) return;
    if (o.released == nullptr) o.released = new_clock();
    join(*o.released, *t.running->published);
}

void acquire_fence(thread& t) noexcept {
    if (looking && t.running->seen != nullptr) join(*t.running->clock, *t.running->seen);
}

void release_fence(thread& t) noexcept {
    if (!looking) return;
    execution& e = *t.running;
    if (e.published == nullptr) e.published = new_clock();
    join(*e.published, *e.clock);
    advance(t);
}

void look_for_race(thread& me, const access& a) noexcept {
    if (!looking) return;
    std::uint64_t at = bits(a.address);
    std::uint64_t left = a.size;
    while (left > 0) {
        const std::uint64_t offset = at & 7;
        const std::uint64_t n = left < 8 - offset ? left : 8 - offset;
        look(me, a, at - offset, static_cast<std::uint8_t>(((1u << n) - 1) << offset));
        at += n;
        left -= n;
    }
}

void forget_memory(const void* begin, std::size_t size) noexcept {
    if (looking) clear_shadow(bits(begin), size);
}

}  // namespace heddle::inline v0::check::runtime
