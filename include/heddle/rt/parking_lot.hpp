// SPDX-License-Identifier: BSL-1.0
#pragma once

// The parking lot: one table of queues, keyed by address, in which everything in heddle waits. A primitive
// keeps a word and parks waiters under the word's address; the queue is outside the primitive, so a mutex
// stays one word. Source of the idea: F. Pizlo, "Locking in WebKit" (2016), and A. d'Antras's parking_lot for
// Rust.
//
// To block the current thread or fiber use park(); to suspend a coroutine use async_park (async_park.hpp).

#include <cstddef>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/function_ref.hpp>
#include <heddle/rt/waiter.hpp>
#include <string>

namespace heddle::inline v0::rt {

/// What an unpark found; passed to its callback under the bucket's lock.
struct unpark_result {
    bool unparked = false;                   ///< a waiter was taken out and will be woken
    bool more = false;                       ///< others are still parked at the address
    waiter_kind kind = waiter_kind::thread;  ///< what kind was taken out
};

/// Those who wait at one address, in their order, while the bucket is locked: for primitives that choose whom
/// to wake.
class HEDDLE_API parked {
 public:
    parked(const parked&) = delete;
    parked& operator=(const parked&) = delete;

    /// The first, null if nobody waits.
    waiter* first() const noexcept;
    /// The one after `w`, null if it is the last. To go on after taking `w` ask for the next before.
    waiter* next(const waiter& w) const noexcept;
    /// Takes `w` out, to be woken as granted with `token` once the bucket is unlocked. A wait ends only once,
    /// so from here on neither its deadline nor a request to stop ends it.
    void take(waiter& w, std::uintptr_t token) noexcept;
    /// Whether it is time to hand over rather than let others barge: about every half millisecond, from when
    /// the first of those who wait called time_fairness(). Asking starts the next period.
    bool fair() noexcept;

 private:
    friend class parking_lot;
    parked(void* bucket, const void* address) noexcept : bucket_(bucket), address_(address) {}

    void* bucket_;
    const void* address_;
    waiter_queue taken_;
};

/// Queues of waiters by address. All members may be called from any thread.
class HEDDLE_API parking_lot {
 public:
    /// Queues `w` under `address` if `validate()`, called under the bucket's lock, says that waiting is
    /// right.
    /// @return false if it was not queued. Once true, `w` belongs to whoever takes it out.
    static bool enqueue(waiter& w, const void* address, function_ref<bool()> validate) noexcept;

    /// Takes `w` out again if it is still queued; the caller then ends the wait.
    /// @return false if somebody else has taken it out and will wake it.
    static bool withdraw(waiter& w) noexcept;

    /// Wakes the first waiter at `address`. `callback` sees the result under the bucket's lock, also when
    /// nobody was there, changes the primitive's word accordingly and returns the token for the waiter.
    static unpark_result unpark_one(const void* address,
                                    function_ref<std::uintptr_t(const unpark_result&)> callback) noexcept;

    /// Wakes the first waiter at `address`, if any.
    static unpark_result unpark_one(const void* address) noexcept;

    /// Wakes up to `limit` waiters at `address`, in order, each with `token`. @return how many.
    static std::size_t unpark(const void* address, std::size_t limit, std::uintptr_t token = 0) noexcept;

    /// Wakes every waiter at `address`. @return how many.
    static std::size_t unpark_all(const void* address, std::uintptr_t token = 0) noexcept {
        return unpark(address, SIZE_MAX, token);
    }

    /// Calls `f` under the bucket's lock, which takes out whom it likes and changes the primitive's word, and
    /// then wakes those in the order in which they were taken. @return how many.
    static std::size_t unpark_chosen(const void* address, function_ref<void(parked&)> f) noexcept;

    /// As unpark_chosen(), but leaves it to the caller to wake them, by wake_all(): until then they wait on.
    static waiter_queue take_chosen(const void* address, function_ref<void(parked&)> f) noexcept;
    /// Wakes those who were taken out, in order, as granted, and empties the queue.
    static void wake_all(waiter_queue& taken) noexcept;

    /// Moves up to `limit` waiters from the front of the queue at `from` to the end of the one at `to`
    /// without waking them. `accept()` is called under both locks if there is anybody to move; if it says no
    /// they are woken as granted with `token` instead. Who has been moved waits until it is unparked at `to`:
    /// its deadline and requests to stop do not end that wait. `moved`, if given, is called with each before
    /// that, for a tag that means something else at `to`. @return how many were moved or woken.
    static std::size_t requeue(const void* from, const void* to, std::size_t limit,
                               function_ref<bool()> accept, std::uintptr_t token,
                               void (*moved)(waiter&) noexcept = nullptr) noexcept;

    /// For the `validate` or `accept` of a primitive that asks parked::fair(): starts the period, unless one
    /// has begun.
    static void time_fairness(const void* address) noexcept;

    /// How many wait at `address` now; for diagnosis and tests.
    static std::size_t count(const void* address) noexcept;
    /// As count(), for a `validate` or `callback` that runs under the lock of this very address.
    static std::size_t count_locked(const void* address) noexcept;
    /// Calls `f` with those who wait at `address`, for a `validate` or `callback` that runs under the lock of
    /// this very address: to look, and not to take anybody out.
    static void look_locked(const void* address, function_ref<void(const parked&)> f) noexcept;
    /// The name of the task that waits first at `address`, or its number if it has no name; empty if nobody
    /// waits. For diagnosis.
    static std::string first_waiting(const void* address);
};

/// Whether a wait ends when its task is asked to stop.
enum class cancellation : bool { ignored, observed };

/// One wait, for those primitives that have more to say than park() takes.
struct park_request {
    const void* address;
    function_ref<bool()> validate;
    deadline until = deadline::never();
    cancellation mode = cancellation::ignored;
    std::uintptr_t tag = 0;                        ///< see waiter::tag()
    const function_ref<void()>* queued = nullptr;  ///< called once it is queued, under no lock
    const char* kind = nullptr;                    ///< see waiter::set_subject()
    const char* name = nullptr;
    bool spin = false;  ///< a thread looks for a moment whether it has been woken before it sleeps
};

/// Blocks the current thread or fiber as park() below. If it is granted, `token` is what was passed along.
HEDDLE_API wait_outcome park(const park_request& request, std::uintptr_t& token);

/// Blocks the current thread or fiber under `address` until unparked, the deadline, or (if observed)
/// cancellation.
///
/// Blocks: the thread; on a fiber it suspends the fiber and frees the worker.
/// @return granted (then `token` is set), invalid, timed_out or cancelled. Never spuriously.
HEDDLE_API wait_outcome park(const void* address, function_ref<bool()> validate,
                             deadline until = deadline::never(), cancellation mode = cancellation::ignored,
                             std::uintptr_t* token = nullptr);

/// Blocks the current thread or fiber until `until`. @throws cancelled if its task is asked to stop.
HEDDLE_API void sleep_until(deadline until);

/// Blocks the current thread or fiber for `d`. @throws cancelled if its task is asked to stop.
template <class Rep, class Period> void sleep_for(std::chrono::duration<Rep, Period> d) {
    sleep_until(deadline::after(d));
}

}  // namespace heddle::inline v0::rt
