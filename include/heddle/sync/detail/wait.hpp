// SPDX-License-Identifier: BSL-1.0
#pragma once

// How the primitives wait. What a primitive does when it has to wait is written once, as an operation; a
// thread, a fiber and a coroutine carry it out in the same steps.

#include <coroutine>
#include <exception>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/detail/diagnosing.hpp>
#include <type_traits>
#include <utility>

namespace heddle::inline v0::detail {

/// Whether the one that waits is suspended (a fiber or a coroutine): such a task is handed what it waits for,
/// and does not overtake others.
enum class suspends : bool { no, yes };

/// One operation that may have to wait, perhaps several times in a row.
///
/// The wait itself needs address(), until() and mode(), and validate(), which is called under the bucket's
/// lock and says whether to wait; false usually means that it has taken what it wanted. ended() is told how a
/// wait ended and says whether the operation is over. tag() is seen by whoever chooses whom to wake (that of
/// a lock is tag_until_moved() for one that waits at a condition, see lock_access::moved()), kind() and
/// name() by whoever asks what the task waits for. queued(), if there is one, is called under no lock once
/// the waiter is queued. spins() says whether a thread that is queued looks for a moment before it sleeps:
/// for those who must not look before, because there is an order. abandoned() is called instead of ended() if
/// there is no wait after all, because it could not begin (no memory, no worker), or no end, because the
/// frame of the coroutine is destroyed.
class operation {
 public:
    explicit operation(const void* address, rt::deadline until, rt::cancellation mode) noexcept
        : address_(address),
          until_(until),
          mode_(mode) {}

    const void* address() const noexcept { return address_; }
    rt::deadline until() const noexcept { return until_; }
    rt::cancellation mode() const noexcept { return mode_; }
    std::uintptr_t tag() const noexcept { return 0; }
    std::uintptr_t tag_until_moved() const noexcept { return 0; }
    const char* kind() const noexcept { return nullptr; }
    const char* name() const noexcept { return nullptr; }
    bool spins() const noexcept { return false; }
    void abandoned() noexcept {
        if (diagnosing_locks()) [[unlikely]]
            diagnose_gave_up();
    }

 protected:
    const void* address_;
    rt::deadline until_;
    rt::cancellation mode_;
};

/// Whether `Op` has a queued(). One that has none leaves a fiber free to go on elsewhere at once.
template <class Op> inline constexpr bool wants_to_know_when_queued = requires(Op& op) { op.queued(); };
template <class Op> void call_queued([[maybe_unused]] Op& op) noexcept {
    if constexpr (wants_to_know_when_queued<Op>) op.queued();
}

/// Carries out `op` on the calling thread or fiber.
template <class Op> void wait_here(Op& op) {
    if (diagnosing_locks()) [[unlikely]]
        if (!op.until().expired()) diagnose_blocking({op.address(), op.kind(), op.name()});
    std::uintptr_t token = 0;
    const auto queued = [&op] { call_queued(op); };
    const rt::function_ref<void()> hook(queued);
    const auto validate = [&op] { return op.validate(); };
    rt::wait_outcome outcome{};
    do {
        try {
            outcome = rt::park({.address = op.address(),
                                .validate = validate,
                                .until = op.until(),
                                .mode = op.mode(),
                                .tag = op.tag(),
                                .queued = wants_to_know_when_queued<Op> ? &hook : nullptr,
                                .kind = op.kind(),
                                .name = op.name(),
                                .spin = op.spins()},
                               token);
        } catch (...) {
            op.abandoned();
            throw;
        }
    } while (!op.ended(outcome, token));
}

/// Whether the caller runs on a fiber.
HEDDLE_API suspends here() noexcept;

/// What an async_ call gives: carries out `Op` for the coroutine that awaits it, at once, in the full
/// expression that made it. Allocates nothing.
template <class Op> class [[nodiscard("co_await it")]] awaiting : private rt::coroutine_waiter {
 public:
    template <class... Args>
    explicit awaiting(std::in_place_t, Args&&... args)
        : coroutine_waiter(&on_end),
          op_(std::forward<Args>(args)...) {}
    ~awaiting() {
        if (leave()) [[unlikely]]
            op_.abandoned();
    }

    bool await_ready() {
        // What need not wait is done at once, also when the task has been asked to stop.
        return op_.ready() || !prepare();
    }
    bool await_suspend(std::coroutine_handle<> h) { return wait(h); }
    auto await_resume() {
        if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
        return op_.result();
    }

 private:
    template <class F> bool beginning(F f) {
        try {
            return f();
        } catch (...) {
            op_.abandoned();
            throw;
        }
    }
    // The beginning of a wait; false if the operation is over because its task was asked to stop.
    bool prepare() {
        set_tag(op_.tag());
        set_subject(op_.kind(), op_.name());
        while (beginning([this] { return begin(op_.address(), op_.mode()); }))
            if (op_.ended(end(), token())) return false;
        return true;
    }
    // Waits until the operation is over; true if the coroutine is suspended.
    bool wait(std::coroutine_handle<> h) {
        for (;;) {
            const auto validate = [this] { return op_.validate(); };
            if (beginning([&] { return suspend(h, op_.address(), validate, op_.until()); })) {
                call_queued(op_);  // only this worker resumes the coroutine, so this object is still there
                return true;
            }
            if (op_.ended(end(), token())) return false;
            if (!prepare()) return false;
        }
    }
    static bool on_end(rt::coroutine_waiter& w) noexcept {
        auto& self = static_cast<awaiting&>(w);
        try {
            if (self.op_.ended(self.end(), self.token())) return false;
            return self.prepare() && self.wait(self.handle());
        } catch (...) {
            self.error_ = std::current_exception();  // no memory for a timer
            return false;
        }
    }

    Op op_;
    std::exception_ptr error_;
};

}  // namespace heddle::inline v0::detail
