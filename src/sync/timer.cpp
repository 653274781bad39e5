// SPDX-License-Identifier: BSL-1.0
#include <pthread.h>
#include <atomic>
#include <heddle/rt/exception_hook.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/thread.hpp>
#include <heddle/rt/timer.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/rt/worker.hpp>
#include <heddle/sync/error.hpp>
#include <heddle/sync/timer.hpp>
#include <mutex>

namespace heddle::inline v0 {

namespace detail {

namespace {

// The thread of all timers. It is started by the first and never ends: what it sleeps in is nobody's but its
// own.
struct timer_thread {
    rt::worker worker{"timers"};
    rt::os_thread thread;

    timer_thread() {
        thread = rt::os_thread("timers", [this] { worker.run(nullptr, [] { return false; }); });
    }
};

constinit rt::word_lock start_lock;
constinit timer_thread* the_thread = nullptr;

// A forked child has no such thread; its first timer starts one. What was set in the parent does not run
// there.
const int at_fork = ::pthread_atfork([] { start_lock.lock(); }, [] { start_lock.unlock(); },
                                     [] {
                                         new (&start_lock) rt::word_lock;
                                         the_thread = nullptr;
                                     });

rt::worker& timers() {
    const std::lock_guard guard(start_lock);
    if (the_thread == nullptr) the_thread = new timer_thread;
    return the_thread->worker;
}

}  // namespace

/// What a timer and the timers' thread share.
///
/// Invariant: status_ goes waiting → running → fired, or waiting → cancelled, never back; whoever takes it
/// away from waiting is the only one to touch function_. parked_bit beside it says that somebody waits; it is
/// set under the bucket's lock and only before fired or cancelled, so whoever takes that step finds the bit
/// afterwards. acq_rel: what the function did is seen by those who have seen that it has fired.
class timer_state : private rt::runnable, private rt::timer {
 public:
    enum : std::uint32_t { waiting, running, fired, cancelled, status_mask = 3, parked_bit = 4 };

    timer_state(rt::worker& home, rt::deadline when, std::function<void()> f)
        : runnable(&on_run),
          timer(&on_time),
          home_(home),
          when_(when),
          function_(std::move(f)) {}

    /// Hands it to the timers' thread, which keeps `self` until it has run or is cancelled.
    void start(std::shared_ptr<timer_state> self) {
        self_ = std::move(self);
        home_.post(*this);
    }
    bool cancel() noexcept {
        if (!step(waiting, cancelled)) return status() == cancelled;
        function_ = nullptr;
        announce();
        // The thread lets go of it; on_run() is posted again when it has been there once.
        if (post_again_.exchange(true, std::memory_order_acq_rel)) home_.post(*this);
        return true;
    }
    std::uint32_t status() const noexcept { return word_.load(std::memory_order_acquire) & status_mask; }
    bool over() const noexcept { return status() >= fired; }
    bool announce_waiter() noexcept {
        std::uint32_t word = word_.load(std::memory_order_acquire);
        while ((word & status_mask) < fired)
            if (word_.compare_exchange_weak(word, word | parked_bit, std::memory_order_acquire)) return true;
        return false;
    }
    bool runs_here() const noexcept { return status() == running && on_its_thread(); }
    /// Whether the caller is the function of a timer, of this or another: none runs while that goes on.
    bool on_its_thread() const noexcept { return rt::worker::current() == &home_; }
    const void* address() const noexcept { return &word_; }

 private:
    bool step(std::uint32_t from, std::uint32_t to) noexcept {
        std::uint32_t word = word_.load(std::memory_order_acquire);
        do {
            if ((word & status_mask) != from) return false;
        } while (!word_.compare_exchange_weak(word, (word & parked_bit) | to, std::memory_order_acq_rel,
                                              std::memory_order_acquire));
        return true;
    }
    // Never late: whoever calls this holds a reference.
    void announce() noexcept {
        if ((word_.fetch_and(status_mask, std::memory_order_acq_rel) & parked_bit) != 0)
            rt::parking_lot::unpark_all(address(), 1);
    }
    static void on_run(rt::runnable& r) noexcept {
        auto& self = static_cast<timer_state&>(r);
        if (self.posted_) {  // the second time: it has been cancelled
            self.home_.remove_timer(self);
            self.let_go();
            return;
        }
        self.posted_ = true;
        // Cancelled before it came here: nobody will post it again.
        if (self.post_again_.exchange(true, std::memory_order_acq_rel)) {
            self.let_go();
            return;
        }
        if (self.when_.is_never()) return;
        try {
            self.home_.add_timer(self, self.when_.when());
        } catch (...) {
            rt::report_exception(std::current_exception(), "a timer could not be set");
            self.cancel();
        }
    }
    static void on_time(rt::timer& t) noexcept {
        auto& self = static_cast<timer_state&>(t);
        if (!self.step(waiting, running)) return;  // cancelled, and about to be let go
        try {
            self.function_();
        } catch (...) {
            rt::report_exception(std::current_exception(), "the function of a timer threw");
        }
        self.function_ = nullptr;
        self.step(running, fired);
        self.announce();
        self.let_go();
    }
    void let_go() noexcept { const auto last = std::move(self_); }

    rt::worker& home_;
    rt::deadline when_;
    std::function<void()> function_;
    std::shared_ptr<timer_state> self_;
    std::atomic<std::uint32_t> word_{waiting};
    // Set by the thread when it has taken the timer in, and by cancel(): the second of them lets go of it.
    std::atomic<bool> post_again_{false};
    bool posted_ = false;  // the thread's own
};

std::shared_ptr<timer_state> start_timer(rt::deadline when, std::function<void()> f) {
    auto state = std::make_shared<timer_state>(timers(), when, std::move(f));
    state->start(state);
    return state;
}

timer_wait::timer_wait(std::shared_ptr<timer_state> state, rt::deadline until)
    : operation(state ? state->address() : nullptr, until, rt::cancellation::ignored),
      state_(std::move(state)) {}

bool timer_wait::ready() {
    if (!state_) return over_ = true;
    if (state_->runs_here()) throw deadlock_error("the function of a timer waits for its own end");
    return over_ = state_->over();
}

bool timer_wait::validate() noexcept {
    over_ = !state_->announce_waiter();
    return !over_;
}

bool timer_wait::ended(rt::wait_outcome outcome, std::uintptr_t /*token*/) noexcept {
    over_ = state_->over();
    return over_ || outcome == rt::wait_outcome::timed_out;
}

}  // namespace detail

bool timer::cancel() {
    return state_ == nullptr || state_->cancel();
}

bool timer::fired() const noexcept {
    return state_ != nullptr && state_->status() == detail::timer_state::fired;
}

bool timer::join_until(rt::deadline until) {
    if (state_ == nullptr) return true;
    detail::timer_wait op(state_, until);
    if (op.ready()) return true;
    if (state_->on_its_thread() && !until.expired())
        throw deadlock_error(
            "the function of a timer waits for another, which cannot run before that is over");
    detail::wait_here(op);
    return op.granted();
}

void timer::end() noexcept {
    if (state_ == nullptr || state_->cancel() || state_->runs_here()) return;
    join_until(rt::deadline::never());
}

}  // namespace heddle::inline v0
