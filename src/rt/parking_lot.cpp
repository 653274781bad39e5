// SPDX-License-Identifier: BSL-1.0
#include <pthread.h>
#include <array>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/word_lock.hpp>

namespace heddle::inline v0::rt {

namespace {

// A waiter that has waited this long is handed what it waits for, so that barging cannot starve it.
constexpr std::chrono::microseconds fair_after{500};

struct alignas(64) bucket {
    word_lock lock;
    bool timing_fairness = false;  // whether fair_at means anything
    waiter_queue queue;
    clock::time_point fair_at{};
};

constexpr std::size_t bucket_count = 512;

}  // namespace

// constinit and never destroyed: waits may happen before main and after exit has begun.
static constinit std::array<bucket, bucket_count> table{};

namespace {

bucket& bucket_of(const void* address) noexcept {
    // Fibonacci hashing: the multiplication spreads the low, aligned bits over the high ones.
    const auto key = reinterpret_cast<std::uintptr_t>(address);
    return table[(key * 0x9E3779B97F4A7C15ull) >> 55];
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

// Once per period and bucket somebody is handed the lock; the first to wait starts the period.
bool time_to_be_fair(bucket& b) noexcept {
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
    b.queue.push_back(w);
    if (!b.timing_fairness) {
        b.timing_fairness = true;
        b.fair_at = clock::now() + fair_after;
    }
    return true;
}

bool parking_lot::withdraw(waiter& w) noexcept {
    const void* address = w.address_.load(std::memory_order_relaxed);
    if (address == nullptr) return false;
    bucket& b = bucket_of(address);
    bucket_guard guard(b);
    if (!w.queued_) return false;
    take_out(b, w);
    return true;
}

unpark_result parking_lot::unpark_one(const void* address,
                                      function_ref<std::uintptr_t(const unpark_result&)> callback) noexcept {
    bucket& b = bucket_of(address);
    unpark_result result;
    waiter* found = nullptr;
    {
        bucket_guard guard(b);
        found = first_at(address, b.queue.front());
        if (found != nullptr) {
            result.unparked = true;
            result.kind = found->kind_;
            result.more = first_at(address, waiter_queue::next(*found)) != nullptr;
            result.fair = time_to_be_fair(b);
            take_out(b, *found);
        }
        const std::uintptr_t token = callback(result);
        if (found != nullptr) found->token_ = token;
    }
    if (found != nullptr) found->wake(wait_outcome::granted);
    return result;
}

unpark_result parking_lot::unpark_one(const void* address) noexcept {
    return unpark_one(address, [](const unpark_result&) { return std::uintptr_t{0}; });
}

std::size_t parking_lot::unpark(const void* address, std::size_t limit, std::uintptr_t token) noexcept {
    bucket& b = bucket_of(address);
    waiter_queue taken;  // in the order in which they waited
    std::size_t n = 0;
    {
        bucket_guard guard(b);
        waiter* w = first_at(address, b.queue.front());
        while (w != nullptr && n < limit) {
            waiter* const next = first_at(address, waiter_queue::next(*w));
            take_out(b, *w);
            w->token_ = token;
            taken.push_back(*w);
            // push_back marks it queued; it is in no bucket, and withdraw() must not find it there.
            w->queued_ = false;
            ++n;
            w = next;
        }
    }
    for (waiter* w = taken.front(); w != nullptr;) {
        waiter* const next = waiter_queue::next(*w);  // the waiter may be gone once woken
        w->wake(wait_outcome::granted);
        w = next;
    }
    return n;
}

std::size_t parking_lot::count(const void* address) noexcept {
    bucket& b = bucket_of(address);
    bucket_guard guard(b);
    std::size_t n = 0;
    for (waiter* w = first_at(address, b.queue.front()); w != nullptr;
         w = first_at(address, waiter_queue::next(*w)))
        ++n;
    return n;
}

}  // namespace heddle::inline v0::rt
