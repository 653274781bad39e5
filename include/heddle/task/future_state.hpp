// SPDX-License-Identifier: BSL-1.0
#pragma once

// What all handles of one future share: its status, who waits, who is called back, and the result. Internal;
// users have future<T> and promise<T>.

#include <atomic>
#include <cstdint>
#include <exception>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/word_lock.hpp>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

namespace heddle::inline v0 {

/// How far the work behind a future has come.
enum class future_status : std::uint8_t {
    pending,    ///< not started; cancel() can still withdraw it
    running,    ///< started
    finished,   ///< has a value or an exception
    cancelled,  ///< withdrawn before it started
};

namespace detail {

/// The part that does not depend on the result's type.
///
/// Invariant: word_ holds the status in its low two bits and goes pending → running → finished, pending →
/// finished or pending → cancelled, never back. Result and exception are written before the word says done
/// (release) and read after it was seen done (acquire). Two bits beside the status are set only while the
/// word is not done: that of the waiters under the bucket's lock of the parking lot, that of the callbacks
/// under their lock, in the same section that adds one. So whoever makes the word done, in one step, sees the
/// bit of everyone who is parked or has left a callback, and finds them under those locks.
class HEDDLE_API future_state {
 public:
    future_state() noexcept = default;
    future_state(const future_state&) = delete;
    future_state& operator=(const future_state&) = delete;

    void retain() noexcept { refs_.fetch_add(1, std::memory_order_relaxed); }
    /// A second reference, when nobody but the caller knows the object yet.
    void retain_new() noexcept { refs_.store(2, std::memory_order_relaxed); }
    void release() noexcept {
        // acq_rel: the last to let go sees everything that the others did with the object.
        if (refs_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }

    /// Whether anybody but the caller has a handle, or left a callback. acquire: pairs with their release(),
    /// and so without other handles the callbacks can be looked at.
    bool wanted() const noexcept {
        return refs_.load(std::memory_order_acquire) > 1 || first_callback_ != nullptr;
    }

    future_status status() const noexcept { return status_of(word_.load(std::memory_order_acquire)); }
    bool done() const noexcept { return done(word_.load(std::memory_order_acquire)); }

    /// pending → running; false if it was withdrawn. @throws invalid_state if it runs or is finished.
    bool set_running();
    /// pending → running, for one of several who may run it; false if it is not pending any more.
    bool try_start() noexcept;
    /// pending → cancelled, and says so to everyone; true also if it was cancelled before.
    bool cancel() noexcept;
    /// Completes with an exception. @throws invalid_state if it is done.
    void fail(std::exception_ptr error);
    /// Asks what runs to stop; what is not a task of heddle's ignores it.
    virtual void request_stop() noexcept {}

    /// Blocks the current task; false if the deadline passed. @throws cancelled
    bool wait(rt::deadline until) const {
        if (done()) return true;
        return wait_slow(until);
    }
    /// Blocks the current task until done; no point of cancellation.
    void settle() const noexcept;
    /// The exception, null if there is a value or it was not finished; counts as looked at.
    std::exception_ptr error() const noexcept;
    /// Whether there is an exception; does not count as looking at it. Must be done.
    bool failed() const noexcept { return error_ != nullptr; }
    /// Throws what there is to throw; must be done.
    void check() const;

    /// Called once, by whoever completes the state, or at once if it is done.
    class callback {
     public:
        virtual ~callback() = default;
        virtual void call(future_state& state) = 0;
        /// Whether it may complete others, whose callbacks complete others and so on. Deeper than a few
        /// within each other such are put off until the others have returned, or the stack on which they run
        /// waits for a future.
        virtual bool continues() const noexcept { return false; }
        std::unique_ptr<callback> next;
        future_state* put_off = nullptr;  // of whom, while it is not called at once; a reference
    };
    void on_done(std::unique_ptr<callback> c);
    /// Calls what was put off on the caller's stack.
    static void call_put_off() noexcept;
    /// Takes a callback back that has not been called. Only compares the pointer: it may dangle once the
    /// state is done, and before that nothing else frees a callback, so no other can have its address.
    void forget(const callback* c) noexcept;

    /// Where waiters park. Odd, and so no address at which a primitive that was here before can be unparked
    /// late; our own unpark is never late, because complete() is called with a reference held.
    const void* address() const noexcept { return reinterpret_cast<const char*>(&word_) + 1; }
    /// Under the bucket's lock: announces a waiter; false if it is done.
    bool announce_waiter() const noexcept { return announce(waiters); }

 protected:
    virtual ~future_state();
    /// Makes sure that a result may be set, and that it cannot be withdrawn meanwhile. @throws invalid_state
    void claim();
    /// If it is pending and the one that asks may run it here, at once, on its own stack: does so.
    virtual bool run_here() noexcept { return false; }
    /// Publishes the result, wakes and calls back. The caller holds a reference.
    void complete(future_status status) noexcept;

 private:
    struct calls;

    bool announce(std::uint32_t bit) const noexcept;
    /// After it has become done: wakes and calls back those who were there before.
    void tell(std::uint32_t before) noexcept;
    bool wait_slow(rt::deadline until) const;
    void call_back(std::unique_ptr<callback> list) noexcept;

    static constexpr std::uint32_t status_mask = 3;
    static constexpr std::uint32_t waiters = 4;
    static constexpr std::uint32_t callbacks = 8;
    static future_status status_of(std::uint32_t word) noexcept {
        return static_cast<future_status>(word & status_mask);
    }
    static bool done(std::uint32_t word) noexcept { return status_of(word) >= future_status::finished; }

    std::atomic<std::uint32_t> refs_{1};
    mutable std::atomic<std::uint32_t> word_{0};
    rt::word_lock callbacks_lock_;
    mutable std::atomic<bool> error_seen_{false};
    std::unique_ptr<callback> first_callback_;
    callback* last_callback_ = nullptr;
    std::exception_ptr error_;
};

/// The part that holds the value.
template <class T> class result_state : public future_state {
 public:
    using stored = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    template <class... Args> void set_value(Args&&... args) {
        claim();
        value_.emplace(std::forward<Args>(args)...);
        complete(future_status::finished);
    }

    /// The value; throws what the work threw. Must be done.
    stored& value() {
        check();
        return *value_;
    }

 protected:
    ~result_state() override = default;

 private:
    std::optional<stored> value_;
};

/// A counted reference to a state.
template <class S> class state_ref {
 public:
    state_ref() noexcept = default;
    /// Takes over one reference.
    static state_ref adopt(S* s) noexcept {
        state_ref r;
        r.state_ = s;
        return r;
    }
    static state_ref share(S* s) noexcept {
        if (s != nullptr) s->retain();
        return adopt(s);
    }
    state_ref(const state_ref& other) noexcept : state_(other.state_) {
        if (state_ != nullptr) state_->retain();
    }
    state_ref(state_ref&& other) noexcept : state_(std::exchange(other.state_, nullptr)) {}
    state_ref& operator=(state_ref other) noexcept {
        std::swap(state_, other.state_);
        return *this;
    }
    ~state_ref() {
        if (state_ != nullptr) state_->release();
    }

    S* get() const noexcept { return state_; }
    S* operator->() const noexcept { return state_; }
    S& operator*() const noexcept { return *state_; }
    explicit operator bool() const noexcept { return state_ != nullptr; }

 private:
    S* state_ = nullptr;
};

}  // namespace detail
}  // namespace heddle::inline v0
