// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <string_view>
#include "rt/process_wide.hpp"

namespace heddle::inline v0 {

namespace detail {

constexpr std::size_t line_count = 64;
constexpr std::size_t slots_in_line = 8;

/// Empty (0), or the address of the lock whose reader it stands for, perhaps with waited_for.
using reader_slot = std::atomic<std::uintptr_t>;

/// Begins as zeros.
struct alignas(64) reader_line {
    std::array<reader_slot, slots_in_line> slots;
};

// The slots of all locks: a line for each thread (threads 64 apart share one), in which the address of the
// lock chooses the slot. A writer has to look at 64 slots, one in each line. One for the process, whatever
// the number of shared objects that carry heddle, because readers and writers of one lock may come from
// different ones; see process_wide.hpp.
HEDDLE_API extern std::array<reader_line, line_count> reader_slots asm("heddle_0_1_reader_slots");
static_assert(sizeof(reader_slots) == HEDDLE_READER_SLOTS_SIZE);

}  // namespace detail

namespace {

using line = detail::reader_line;
using slot = detail::reader_slot;
constexpr auto& table = detail::reader_slots;
using detail::line_count, detail::slots_in_line;

constexpr const char* shared_kind = "shared_mutex";

constexpr std::uintptr_t waited_for = 1;  // set by a writer that waits for this reader to leave
static_assert(alignof(shared_mutex) > waited_for);

std::uintptr_t address_of(const shared_mutex* m) noexcept {
    return reinterpret_cast<std::uintptr_t>(m);
}

std::size_t column_of(const shared_mutex* m) noexcept {
    return (address_of(m) * 0x9E3779B97F4A7C15ull) >> 61;
}
static_assert(slots_in_line == 8, "the shift in column_of keeps 3 bits");

[[gnu::noinline, gnu::cold]] line& choose_line() noexcept {
    static constinit std::atomic<std::size_t> next_line{0};  // of each copy: it only spreads the threads
    const std::size_t n = next_line.fetch_add(1, std::memory_order_relaxed);
    // Every second line first: processors fetch lines in pairs, so that neighbours disturb each other.
    line& chosen = table[(2 * n + n / (line_count / 2)) % line_count];
    rt::detail::the_thread.reader_line = &chosen;
    return chosen;
}

// Only inlined into functions that are not: a fiber may have changed threads since the last call.
slot& slot_of_this_thread(const shared_mutex* m) noexcept {
    auto* chosen = static_cast<line*>(rt::detail::the_thread.reader_line);
    if (chosen == nullptr) [[unlikely]]
        chosen = &choose_line();
    return chosen->slots[column_of(m)];
}

enum class removed { nothing, reader, reader_waited_for };

// release: what the reader did comes before what the writer does who finds the slot empty. acquire: as the
// one who serves that writer; and where somebody else has emptied the slot, what he did comes before what is
// taken away in its place.
removed clear_slot(slot& s, const shared_mutex* m) noexcept {
    std::uintptr_t found = address_of(m);
    if (s.compare_exchange_strong(found, 0, std::memory_order_acq_rel, std::memory_order_acquire)) [[likely]]
        return removed::reader;
    if (found == (address_of(m) | waited_for) &&
        s.compare_exchange_strong(found, 0, std::memory_order_acq_rel, std::memory_order_acquire))
        return removed::reader_waited_for;
    return removed::nothing;
}

bool stands_for(std::uintptr_t found, const shared_mutex* m) noexcept {
    return (found & ~waited_for) == address_of(m);
}

bool clear_one_slot(const shared_mutex* m) noexcept {
    return std::ranges::any_of(
        table, [m](line& l) { return clear_slot(l.slots[column_of(m)], m) != removed::nothing; });
}

std::size_t count_slots(const shared_mutex* m) noexcept {
    const std::size_t column = column_of(m);
    std::size_t n = 0;
    for (const line& l : table)
        if (stands_for(l.slots[column].load(std::memory_order_seq_cst), m)) ++n;
    return n;
}

// As count_slots(), and whoever empties one of them will look for those who wait.
std::size_t wait_for_slots(const shared_mutex* m) noexcept {
    const std::size_t column = column_of(m);
    std::size_t n = 0;
    for (line& l : table) {
        std::uintptr_t found = l.slots[column].load(std::memory_order_seq_cst);
        // relaxed: the mark only has to be seen by whoever changes this very word. acquire where the reader
        // turns out to have left.
        if (found == address_of(m))
            l.slots[column].compare_exchange_strong(found, found | waited_for, std::memory_order_relaxed,
                                                    std::memory_order_acquire);
        if (stands_for(found, m)) ++n;
    }
    return n;
}

}  // namespace

namespace detail {

shared_wait::shared_wait(shared_mutex& m, access wanted, rt::deadline until, rt::cancellation mode) noexcept
    : operation(&m, until, mode),
      mutex_(m),
      wanted_(wanted) {}

const char* shared_wait::kind() const noexcept {
    return shared_kind;
}

const char* shared_wait::name() const noexcept {
    return mutex_.name_.get();
}

bool shared_wait::take(rt::spinner* patience) noexcept {
    return taken_ = wanted_ == access::read ? mutex_.try_share()
                                            : mutex_.try_lock_free() || mutex_.try_lock_biased(patience);
}

bool shared_wait::ready() {
    if (!diagnosing_locks()) [[likely]]
        return take();
    diagnose_before(site(), !until().is_never());
    if (take())
        diagnose_locked(site());
    else
        diagnose_wait(site(), !until().is_never());
    return taken_;
}

bool shared_wait::validate() noexcept {
    using m = shared_mutex;
    std::uint64_t state = mutex_.state_.load(std::memory_order_relaxed);
    for (;;) {
        if (wanted_ == access::read && (state & (m::writer | m::queued)) == 0) {
            taken_ = mutex_.state_.compare_exchange_weak(
                state, state + m::one_reader, std::memory_order_acquire, std::memory_order_relaxed);
            if (taken_) return false;
            continue;
        }
        // From here on nobody comes in past the queue. seq_cst: this comes before the look at the slots.
        if (!mutex_.state_.compare_exchange_weak(state, (state | m::queued) & ~m::biased,
                                                 std::memory_order_seq_cst, std::memory_order_relaxed))
            continue;
        // Was it a matter of slots that are empty? Those that are not get a mark, and who empties one that
        // is marked serves the queue.
        taken_ = wanted_ == access::write && (state & m::writer) == 0 &&
                 rt::parking_lot::count_locked(&mutex_) == 0 && mutex_.begin_writing(0);
        return !taken_;
    }
}

bool shared_wait::ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept {
    switch (outcome) {
        case rt::wait_outcome::granted:
            taken_ = token == shared_mutex::handed_over;
            break;
        case rt::wait_outcome::invalid:
            break;
        default:
            cancelled_ = outcome == rt::wait_outcome::cancelled;
            mutex_.serve_queue();  // others may have waited behind this one only
            break;
    }
    const bool over = taken_ || outcome != rt::wait_outcome::granted;
    if (over && diagnosing_locks()) [[unlikely]]
        taken_ ? diagnose_locked(site()) : diagnose_gave_up();
    return over;
}

}  // namespace detail

// Under the bucket's lock, with `queued` set: takes the lock for writing if there is no record. `more` is
// `queued` if others are left in the queue.
bool shared_mutex::begin_writing(std::uint64_t more) noexcept {
    std::uint64_t state = state_.load(std::memory_order_acquire);
    if (state >= one_reader || (state & writer) != 0) return false;
    const bool used_slots = (state & slots) != 0;
    if (used_slots && wait_for_slots(this) != 0) return false;
    // While `queued` is set, others can only take records away, and there is none; so nobody changes the
    // word. Taking the bias back was expensive: the next time only after some collisions.
    state_.store(writer | more | (used_slots ? inhibited : state & inhibited), std::memory_order_relaxed);
    return true;
}

// Under the bucket's lock: lets those in from the front of the queue for whom the lock is free.
void shared_mutex::serve(rt::parked& queue) noexcept {
    while (rt::waiter* const first = queue.first()) {
        const std::uint64_t more = queue.next(*first) != nullptr ? queued : 0;
        if (first->tag() == static_cast<std::uintptr_t>(detail::access::write)) {
            if (begin_writing(more)) queue.take(*first, handed_over);
            return;
        }
        if ((state_.load(std::memory_order_relaxed) & writer) != 0) return;
        state_.fetch_add(one_reader, std::memory_order_acq_rel);
        queue.take(*first, handed_over);
    }
    state_.fetch_and(~queued, std::memory_order_acq_rel);
}

// Under the bucket's lock, when a writer has left: all readers who wait, wherever they are in the queue; and
// if there is none, the first writer.
void shared_mutex::serve_after_writer(rt::parked& queue) noexcept {
    for (rt::waiter* w = queue.first(); w != nullptr;) {
        rt::waiter* const next = queue.next(*w);
        if (w->tag() == static_cast<std::uintptr_t>(detail::access::read)) {
            state_.fetch_add(one_reader, std::memory_order_acq_rel);
            queue.take(*w, handed_over);
        }
        w = next;
    }
    serve(queue);
}

// For one who uses the lock.
void shared_mutex::serve_queue() noexcept {
    rt::parking_lot::unpark_chosen(this, [this](rt::parked& queue) { serve(queue); });
}

// For one who has left it: unless somebody waits it may be gone, and another primitive be at its address. A
// shared_mutex that has been made there comes to no harm.
void shared_mutex::serve_those_who_wait() noexcept {
    rt::parking_lot::unpark_chosen(this, [this](rt::parked& queue) {
        const rt::waiter* const first = queue.first();
        if (first == nullptr || first->kind_name() == nullptr) return;
        if (std::string_view(first->kind_name()) == shared_kind) serve(queue);
    });
}

// Takes the bias back and looks whether that leaves the lock free; with patience, waits a moment for the
// readers in the table to leave. Meanwhile nobody comes in, so a slot that is empty needs no second look:
// whoever fills one now takes it, or one that was full, back.
bool shared_mutex::try_lock_biased(rt::spinner* patience) noexcept {
    std::uint64_t state = state_.load(std::memory_order_relaxed);
    do {
        if ((state & slots) == 0 || (state & (writer | queued)) != 0 || state >= one_reader) return false;
    } while (!state_.compare_exchange_weak(state, (state | writer) & ~biased, std::memory_order_seq_cst,
                                           std::memory_order_relaxed));
    const std::size_t column = column_of(this);
    for (const line& l : table) {
        while (stands_for(l.slots[column].load(std::memory_order_seq_cst), this)) {
            if (patience != nullptr && patience->again()) continue;
            unlock_slow();
            return false;
        }
    }
    state_.fetch_and(~slots, std::memory_order_acquire);
    state_.fetch_or(inhibited, std::memory_order_relaxed);
    return true;
}

bool shared_mutex::lock_slow(detail::access wanted, rt::deadline until, rt::cancellation mode) {
    detail::shared_wait op(*this, wanted, until, mode);
    if (detail::diagnosing_locks()) [[unlikely]] {
        if (op.ready()) return true;
    } else if (detail::here() == detail::suspends::no && !until.expired()) {
        detail::spinner s;
        // Not past those who wait.
        do {
            if (op.take(&s)) return true;
        } while ((state_.load(std::memory_order_relaxed) & queued) == 0 && s.again());
    }
    detail::wait_here(op);
    if (op.cancelled()) throw cancelled();
    return op.granted();
}

void shared_mutex::unlock_slow() {
    bool was_locked = false;
    rt::parking_lot::unpark_chosen(this, [&](rt::parked& queue) {
        if ((state_.load(std::memory_order_relaxed) & writer) == 0) return;
        was_locked = true;
        // While `queued` is not set others may come in at once; serve() finds nobody then.
        if ((state_.fetch_and(~writer, std::memory_order_acq_rel) & queued) != 0) serve_after_writer(queue);
    });
    if (!was_locked) throw not_owner("unlock of a shared_mutex without a writer");
}

bool shared_mutex::share_in_word() noexcept {
    bool collided = false;
    std::uint64_t state = state_.load(std::memory_order_relaxed);
    while ((state & (writer | queued)) == 0) {
        std::uint64_t changed = state + one_reader;
        if (collided && (state & biased) == 0)
            changed = (state & inhibited) != 0 ? changed - inhibit_one : changed | biased | slots;
        if (state_.compare_exchange_strong(state, changed, std::memory_order_acquire,
                                           std::memory_order_relaxed))
            return true;
        collided = true;
    }
    return false;
}

bool shared_mutex::share_in_slot() noexcept {
    slot& mine = slot_of_this_thread(this);
    std::uintptr_t empty = 0;
    if (mine.compare_exchange_strong(empty, address_of(this), std::memory_order_seq_cst,
                                     std::memory_order_relaxed)) [[likely]] {
        if ((state_.load(std::memory_order_seq_cst) & biased) != 0) [[likely]]
            return true;
        remove_record();  // a writer has come between
    }
    return share_in_word();
}

// Takes away one record; false if there is none. The lock may be destroyed by the next writer as soon as the
// record has gone, so what comes after that does not touch it, but under the bucket's lock for the sake of
// somebody who waits.
bool shared_mutex::remove_record() noexcept {
    // A record is there for every rightful caller, but others may remove it while we look and leave us
    // theirs, where we have looked already. So look again before saying that there is none.
    for (int round = 0; round < 1000; ++round) {
        const std::size_t column = column_of(this);
        removed what = clear_slot(slot_of_this_thread(this), this);
        // Not before: who has emptied our slot may have left us his place in the count, which he has taken
        // since.
        std::uint64_t state = state_.load(std::memory_order_relaxed);
        while (what == removed::nothing && state >= one_reader) {
            if (state < 2 * one_reader && (state & queued) != 0) {
                bool done = false;
                rt::parking_lot::unpark_chosen(this, [&](rt::parked& queue) {
                    state = state_.load(std::memory_order_relaxed);
                    while (state >= one_reader && !done)
                        done = state_.compare_exchange_weak(state, state - one_reader,
                                                            std::memory_order_acq_rel);
                    if (done) serve(queue);
                });
                if (done) return true;
            } else if (state_.compare_exchange_weak(state, state - one_reader, std::memory_order_release,
                                                    std::memory_order_relaxed)) {
                return true;
            }
        }
        if (what == removed::nothing && (state & slots) == 0) return false;
        for (auto l = table.begin(); what == removed::nothing && l != table.end(); ++l)
            if (stands_for(l->slots[column].load(std::memory_order_relaxed), this))
                what = clear_slot(l->slots[column], this);
        if (what == removed::reader_waited_for) serve_those_who_wait();
        if (what != removed::nothing) return true;
    }
    return false;
}

void shared_mutex::unlock_shared_slow() {
    // Without a mark, which is the usual case, apart: it needs nothing but the slot. Orders: clear_slot().
    std::uintptr_t mine = address_of(this);
    if (slot_of_this_thread(this).compare_exchange_strong(mine, 0, std::memory_order_acq_rel,
                                                          std::memory_order_relaxed)) [[likely]]
        return;
    if (!remove_record()) throw not_owner("unlock_shared of a shared_mutex without a reader");
}

void shared_mutex::downgrade() {
    const bool diagnosed = detail::diagnosing_locks();
    if (diagnosed) detail::diagnose_unlocked(this);
    bool was_locked = false;
    rt::parking_lot::unpark_chosen(this, [&](rt::parked& queue) {
        if ((state_.load(std::memory_order_relaxed) & writer) == 0) return;
        was_locked = true;
        // In one step: writer is 1, so this takes it away and adds a reader.
        const std::uint64_t before = state_.fetch_add(one_reader - writer, std::memory_order_acq_rel);
        if ((before & queued) != 0) serve_after_writer(queue);
    });
    if (!was_locked) throw not_owner("downgrade of a shared_mutex without a writer");
    if (diagnosed) note_locked(detail::access::read);
}

bool shared_mutex::try_upgrade() noexcept {
    bool upgraded = false;
    rt::parking_lot::unpark_chosen(this, [&](rt::parked&) {
        std::uint64_t state = state_.load(std::memory_order_relaxed);
        do {
            if ((state & (writer | queued)) != 0) return;
            // From here on nobody comes in, and under this lock nobody queues; readers may leave.
        } while (!state_.compare_exchange_weak(state, (state | writer) & ~biased, std::memory_order_seq_cst,
                                               std::memory_order_relaxed));
        const std::size_t in_slots = (state & slots) != 0 ? count_slots(this) : 0;
        state = state_.load(std::memory_order_acquire);
        upgraded = state / one_reader + in_slots == 1;
        if (!upgraded) {
            state_.fetch_and(~writer, std::memory_order_relaxed);
        } else if (in_slots == 0) {
            state_.fetch_sub(one_reader, std::memory_order_acquire);
        } else {
            // One only: one more may have come since, to be taken back by who sees that the bias has gone. He
            // takes ours if we take his, so `slots` stays until a writer has looked again.
            while (!clear_one_slot(this)) {
            }
        }
    });
    if (upgraded && detail::diagnosing_locks()) {
        detail::diagnose_unlocked(this, true);
        note_locked(detail::access::write);
    }
    return upgraded;
}

void shared_mutex::check_unused() const noexcept {
    if ((state_.load(std::memory_order_relaxed) & queued) != 0)
        detail::check_nobody_waits("shared_mutex", name_.get(), this);
    if (detail::diagnosing_locks()) detail::diagnose_destroyed(this);
    // A reader that has not left must not be taken for one of the next lock at this address.
    for (line& l : table) clear_slot(l.slots[column_of(this)], this);
}

}  // namespace heddle::inline v0
