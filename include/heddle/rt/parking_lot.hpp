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

namespace heddle::inline v0::rt {

/// What an unpark found; passed to its callback under the bucket's lock.
struct unpark_result {
    bool unparked = false;                   ///< a waiter was taken out and will be woken
    bool more = false;                       ///< others are still parked at the address
    bool fair = false;                       ///< it is time to hand over rather than let others barge
    waiter_kind kind = waiter_kind::thread;  ///< what kind was taken out
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

    /// How many wait at `address` now; for diagnosis and tests.
    static std::size_t count(const void* address) noexcept;
};

/// Whether a wait ends when its task is asked to stop.
enum class cancellation : bool { ignored, observed };

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
