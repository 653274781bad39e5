// SPDX-License-Identifier: BSL-1.0
#pragma once

// Runs something the first time it is needed; the others wait for it. If it throws, the next caller tries
// again.

#include <atomic>
#include <cstdint>
#include <functional>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/detail/routine.hpp>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/error.hpp>
#include <utility>

namespace heddle::inline v0 {

class once;

namespace detail {

/// Waiting until a once is done, or until it is up to the caller.
class HEDDLE_API once_wait : public operation {
 public:
    explicit once_wait(once& o) noexcept;
    const char* kind() const noexcept { return "once"; }
    bool ready();
    bool validate() noexcept;
    bool ended(rt::wait_outcome outcome, std::uintptr_t token) noexcept;
    /// Whether the caller has to run it.
    bool result() const;

 private:
    once& once_;
    bool mine_ = false;
    bool cancelled_ = false;
};

}  // namespace detail

/// A one-time call for threads, fibers and coroutines.
///
/// Thread-safety: all members but the destructor from any task. Whoever returns from a call sees what the one
/// that ran did.
class HEDDLE_API once {
 public:
    constexpr once() noexcept = default;
    /// Ends the program with a message if somebody waits.
    ~once() {
        if (state_.load(std::memory_order_relaxed) & parked_bit) [[unlikely]]
            detail::check_nobody_waits("once", nullptr, this);
    }
    once(const once&) = delete;
    once& operator=(const once&) = delete;

    // Invariant: the state goes idle → running → done, or back to idle, or, if the call failed and somebody
    // waits, stays running and is handed to the first who waits. parked_bit is set under the bucket's lock,
    // in one step with seeing that it is running, before a waiter is queued; leaving running happens under
    // that lock if parked_bit is set.
    //
    // Orders: release when it is done or given up, acquire when that is seen.

    /// Runs `f(args...)` unless that has been done; if another task is at it, waits for that. Blocks the task
    /// then. Throws: what
    /// `f` throws, and then the next caller runs its own; deadlock_error if `f` comes here again; cancelled
    /// while it waits for another's call, which goes on.
    template <class F, class... Args> void call(F&& f, Args&&... args) {
        if (done() || !begin()) return;
        try {
            std::invoke(std::forward<F>(f), std::forward<Args>(args)...);
        } catch (...) {
            give_up();
            throw;
        }
        finish();
    }

    /// co_await: the same; if `f(args...)` gives something that can be awaited, that is part of the call.
    /// Throws also: invalid_state if it has to wait outside a worker. Complexity: one allocation.
    template <class F, class... Args> detail::routine<void> async_call(F f, Args... args) {
        if (done() || !co_await detail::awaiting<detail::once_wait>(std::in_place, *this)) co_return;
        try {
            using result = std::invoke_result_t<F, Args...>;
            if constexpr (detail::can_be_awaited<result>)
                (void)co_await std::invoke(std::move(f), std::move(args)...);
            else
                std::invoke(std::move(f), std::move(args)...);
        } catch (...) {
            give_up();
            throw;
        }
        finish();
    }

    /// Whether it has been run. acquire: the caller may use what was done.
    bool done() const noexcept { return state_.load(std::memory_order_acquire) == is_done; }

 private:
    friend class detail::once_wait;
    enum : std::uint32_t { idle = 0, running = 1, is_done = 2, parked_bit = 4 };
    enum : std::uintptr_t { stray, finished, your_turn };

    bool begin();
    void finish() noexcept;
    void give_up() noexcept;

    std::atomic<std::uint32_t> state_{idle};
    std::atomic<std::uint64_t> runner_{0};  // the task that runs it, to tell a call from within from others
};

}  // namespace heddle::inline v0
