// SPDX-License-Identifier: BSL-1.0
#include <pthread.h>
#include <array>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/word_lock.hpp>
#include <optional>
#include <utility>
#include "process_wide.hpp"

namespace heddle::inline v0::rt {

namespace {

// A waiter that has waited this long is handed what it waits for, so that barging cannot starve it.
constexpr std::chrono::microseconds fair_after{500};

constexpr std::size_t bucket_count = 512;

}  // namespace

namespace detail {

/// Begins as zeros.
struct alignas(64) bucket {
    word_lock lock;
    bool timing_fairness = false;  // whether fair_at means anything
    waiter_queue queue;
    clock::time_point fair_at{};
    const void* address = nullptr;  // under the checker: the only one that waits are for here
};

// There before any code runs and never destroyed: waits may happen before main and after exit has begun. One
// for the process, whatever the number of shared objects that carry heddle; see process_wide.hpp.
HEDDLE_API extern std::array<bucket, bucket_count> parking_table asm("heddle_0_1_parking_table");
static_assert(sizeof(parking_table) == HEDDLE_PARKING_TABLE_SIZE);

}  // namespace detail

namespace {

using detail::bucket;
constexpr auto& table = detail::parking_table;

// Under the checker each address has a bucket to itself, as long as there are enough. The lock of a shared
// one would order tasks that have nothing to do with each other, and so hide races between them. They are
// dealt out in the order of their first use, so that what happens does not depend on where things lie in
// memory. Not instrumented: one thread runs at a time, and where it is written down whose a bucket is must be
// no step of the program's.
__attribute__((no_sanitize("thread"))) bucket& own_bucket(const void* address, bucket& otherwise) noexcept {
    for (bucket& b : table) {
        if (b.address == nullptr) b.address = address;
        if (b.address == address) return b;
    }
    return otherwise;
}

bucket& bucket_of(const void* address) noexcept {
    // Fibonacci hashing: the multiplication spreads the low, aligned bits over the high ones.
    const auto key = reinterpret_cast<std::uintptr_t>(address);
    bucket& home = table[static_cast<std::size_t>((key * 0x9E3779B97F4A7C15ull) >> 55)];
    return controlled() ? own_bucket(address, home) : home;
}
static_assert(bucket_count == 512, "the shift in bucket_of keeps 9 bits");

// A forked child has one thread, and nobody who could wake or free what was parked or locked in the parent.
const int at_fork = ::pthread_atfork(nullptr, nullptr, [] {
    for (auto& b : table) {
        new (&b.lock) word_lock;
        b.queue = {};
        b.timing_fairness = false;
    }
});

class bucket_guard {
 public:
    explicit bucket_guard(bucket& b) noexcept : bucket_(b) { bucket_.lock.lock(); }
    ~bucket_guard() { bucket_.lock.unlock(); }
    bucket_guard(const bucket_guard&) = delete;
    bucket_guard& operator=(const bucket_guard&) = delete;

 private:
    bucket& bucket_;
};

waiter* first_at(const void* address, waiter* from) noexcept {
    while (from != nullptr && from->address() != address) from = waiter_queue::next(*from);
    return from;
}

void take_out(bucket& b, waiter& w) noexcept {
    b.queue.remove(w);
    if (b.queue.empty()) b.timing_fairness = false;
}

// Once per period and bucket somebody is handed the lock.
bool time_to_be_fair(bucket& b) noexcept {
    // Half a millisecond of virtual time is longer than most of what is checked; but it may pass anywhere.
    if (controlled()) return choose_below(2) == 1;
    if (!b.timing_fairness) return false;
    const auto now = clock::now();
    if (now < b.fair_at) return false;
    b.fair_at = now + fair_after;
    return true;
}

}  // namespace

bool parking_lot::enqueue(waiter& w, const void* address, function_ref<bool()> validate) noexcept {
    bucket& b = bucket_of(address);
    bucket_guard guard(b);
    if (!validate()) return false;
    w.aim(address);
    w.committed_ = false;
    b.queue.push_back(w);
    return true;
}

bool parking_lot::withdraw(waiter& w) noexcept {
    for (;;) {
        const void* address = w.address();
        if (address == nullptr) return false;
        bucket& b = bucket_of(address);
        bucket_guard guard(b);
        if (w.address() != address) continue;  // it was requeued just now
        if (!w.queued_ || w.committed_) return false;
        take_out(b, w);
        return true;
    }
}

waiter* parked::first() const noexcept {
    return first_at(address_, static_cast<bucket*>(bucket_)->queue.front());
}

waiter* parked::next(const waiter& w) const noexcept {
    return first_at(address_, waiter_queue::next(w));
}

void parked::take(waiter& w, std::uintptr_t token) noexcept {
    take_out(*static_cast<bucket*>(bucket_), w);
    w.set_token(token);
    taken_.push_back(w);
}

bool parked::fair() noexcept {
    return time_to_be_fair(*static_cast<bucket*>(bucket_));
}

waiter_queue parking_lot::take_chosen(const void* address, function_ref<void(parked&)> f) noexcept {
    bucket& b = bucket_of(address);
    parked here(&b, address);
    bucket_guard guard(b);
    f(here);
    // push_back marked them queued; they are in no bucket, and withdraw() must not find them there.
    for (waiter* w = here.taken_.front(); w != nullptr; w = waiter_queue::next(*w)) w->queued_ = false;
    return std::exchange(here.taken_, {});
}

void parking_lot::wake_all(waiter_queue& taken) noexcept {
    waiter* w = taken.front();
    taken = {};
    while (w != nullptr) {
        waiter* const next = waiter_queue::next(*w);  // the waiter may be gone once woken
        w->wake(wait_outcome::granted);
        w = next;
    }
}

std::size_t parking_lot::unpark_chosen(const void* address, function_ref<void(parked&)> f) noexcept {
    waiter_queue taken = take_chosen(address, f);
    std::size_t n = 0;
    for (waiter* w = taken.front(); w != nullptr; w = waiter_queue::next(*w)) ++n;
    wake_all(taken);
    return n;
}

unpark_result parking_lot::unpark_one(const void* address,
                                      function_ref<std::uintptr_t(const unpark_result&)> callback) noexcept {
    unpark_result result;
    unpark_chosen(address, [&](parked& here) {
        waiter* const found = here.first();
        if (found == nullptr) {
            callback(result);
            return;
        }
        result.unparked = true;
        result.kind = found->kind();
        result.more = here.next(*found) != nullptr;
        here.take(*found, callback(result));
    });
    return result;
}

unpark_result parking_lot::unpark_one(const void* address) noexcept {
    return unpark_one(address, [](const unpark_result&) { return std::uintptr_t{0}; });
}

std::size_t parking_lot::unpark(const void* address, std::size_t limit, std::uintptr_t token) noexcept {
    return unpark_chosen(address, [&](parked& here) {
        waiter* w = here.first();
        for (std::size_t n = 0; w != nullptr && n < limit; ++n) {
            waiter* const next = here.next(*w);
            here.take(*w, token);
            w = next;
        }
    });
}

std::size_t parking_lot::requeue(const void* from, const void* to, std::size_t limit,
                                 function_ref<bool()> accept, std::uintptr_t token,
                                 void (*on_move)(waiter&) noexcept) noexcept {
    bucket& source = bucket_of(from);
    bucket& target = bucket_of(to);
    // Whoever locks two buckets locks the one at the lower address first.
    bucket& lower = &source < &target ? source : target;
    bucket& upper = &source < &target ? target : source;
    waiter_queue moved;
    bool accepted = true;
    std::size_t n = 0;
    {
        bucket_guard first(lower);
        std::optional<bucket_guard> second;
        if (&upper != &lower) second.emplace(upper);
        waiter* w = first_at(from, source.queue.front());
        if (w != nullptr && limit > 0) accepted = accept();
        for (; w != nullptr && n < limit; ++n) {
            waiter* const next = first_at(from, waiter_queue::next(*w));
            take_out(source, *w);
            moved.push_back(*w);
            w = next;
        }
        if (accepted) {
            while (waiter* const m = moved.pop_front()) {
                if (on_move != nullptr) on_move(*m);
                m->aim(to);
                m->committed_ = true;
                target.queue.push_back(*m);
            }
        } else {
            for (w = moved.front(); w != nullptr; w = waiter_queue::next(*w)) {
                w->queued_ = false;
                w->token_ = token;
            }
        }
    }
    wake_all(moved);
    return n;
}

void parking_lot::time_fairness(const void* address) noexcept {
    bucket& b = bucket_of(address);
    if (controlled() || b.timing_fairness) return;
    b.timing_fairness = true;
    b.fair_at = clock::now() + fair_after;
}

std::size_t parking_lot::count(const void* address) noexcept {
    bucket_guard guard(bucket_of(address));
    return count_locked(address);
}

std::size_t parking_lot::count_locked(const void* address) noexcept {
    std::size_t n = 0;
    for (waiter* w = first_at(address, bucket_of(address).queue.front()); w != nullptr;
         w = first_at(address, waiter_queue::next(*w)))
        ++n;
    return n;
}

void parking_lot::look_locked(const void* address, function_ref<void(const parked&)> f) noexcept {
    f(parked(&bucket_of(address), address));
}

std::string parking_lot::first_waiting(const void* address) {
    bucket& b = bucket_of(address);
    bucket_guard guard(b);
    const waiter* const w = first_at(address, b.queue.front());
    if (w == nullptr) return {};
    if (w->task() == nullptr) return "unnamed";
    const std::string name = w->task()->name();
    return name.empty() ? std::to_string(w->task()->id()) : name;
}

}  // namespace heddle::inline v0::rt
