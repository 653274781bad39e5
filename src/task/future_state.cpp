// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/error.hpp>
#include <heddle/rt/exception_hook.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/spinner.hpp>
#include <heddle/task/future_state.hpp>
#include <heddle/task/posted.hpp>
#include <mutex>

namespace heddle::inline v0::detail {

future_state::~future_state() {
    if (error_ && !error_seen_.load(std::memory_order_relaxed)) report_failed(error_);
}

bool future_state::set_running() {
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    for (;;) {
        const future_status now = status_of(word);
        if (now == future_status::cancelled) return false;
        if (now != future_status::pending)
            throw invalid_state("set_running() on a future that runs or is finished");
        const auto running = (word & ~status_mask) | static_cast<std::uint32_t>(future_status::running);
        // relaxed: nothing is published by this step.
        if (word_.compare_exchange_weak(word, running, std::memory_order_relaxed)) return true;
    }
}

bool future_state::try_start() noexcept {
    std::uint32_t word = word_.load(std::memory_order_relaxed);
    while (status_of(word) == future_status::pending) {
        const auto running = (word & ~status_mask) | static_cast<std::uint32_t>(future_status::running);
        // relaxed: nothing is published by this step.
        if (word_.compare_exchange_weak(word, running, std::memory_order_relaxed)) return true;
    }
    return false;
}

bool future_state::cancel() noexcept {
    std::uint32_t word = word_.load(std::memory_order_acquire);
    do {
        if (status_of(word) != future_status::pending) return status_of(word) == future_status::cancelled;
    } while (!word_.compare_exchange_weak(word, static_cast<std::uint32_t>(future_status::cancelled),
                                          std::memory_order_acq_rel, std::memory_order_acquire));
    tell(word);
    return true;
}

void future_state::claim() {
    auto now = status();
    if (now == future_status::pending && set_running()) return;  // from here on nobody can cancel it
    now = status();
    if (now == future_status::cancelled)
        throw invalid_state("the future was cancelled; its result cannot be set");
    if (now == future_status::finished) throw invalid_state("the future has a result already");
}

void future_state::fail(std::exception_ptr error) {
    claim();
    error_ = std::move(error);
    complete(future_status::finished);
}

void future_state::complete(future_status status) noexcept {
    tell(word_.exchange(static_cast<std::uint32_t>(status), std::memory_order_acq_rel));
}

void future_state::tell(std::uint32_t before) noexcept {
    if ((before & waiters) != 0) rt::parking_lot::unpark_all(address());
    if ((before & callbacks) == 0) return;
    std::unique_ptr<callback> list;
    {
        std::lock_guard guard(callbacks_lock_);
        list = std::move(first_callback_);
        last_callback_ = nullptr;
    }
    if (list) call_back(std::move(list));
}

namespace {

// So many callbacks run within each other. A chain of thousands, each of which completes the next one, would
// overflow the stack.
constexpr unsigned deepest = 16;

// Of this thread, while it runs no fiber. A fiber takes its own along to another thread.
constinit thread_local void* completing = nullptr;

void*& completing_here() noexcept {
    rt::fiber_task* const here = rt::fiber_task::current();
    return here != nullptr ? here->completing() : completing;
}

}  // namespace

/// What is called back on one stack. Lies in the frame of the outermost call_back().
struct future_state::calls {
    unsigned depth = 0;
    std::unique_ptr<callback> first;  // those put off
    callback* last = nullptr;

    static void run(callback& c, future_state& state) noexcept {
        try {
            c.call(state);
        } catch (...) {
            rt::report_exception(std::current_exception(), "a callback of a future threw");
        }
    }
    void put_off(std::unique_ptr<callback> c, future_state& state) noexcept {
        state.retain();
        c->put_off = &state;
        callback* const added = c.get();
        (last != nullptr ? last->next : first) = std::move(c);
        last = added;
    }
    void run_put_off() noexcept {
        while (first) {
            std::unique_ptr<callback> c = std::move(first);
            first = std::move(c->next);
            if (!first) last = nullptr;
            const auto state = state_ref<future_state>::adopt(c->put_off);
            run(*c, *state);
        }
    }
};

void future_state::call_back(std::unique_ptr<callback> list) noexcept {
    void*& here = completing_here();  // stays where it is, also if a callback waits and goes on elsewhere
    calls outermost;
    if (here == nullptr) here = &outermost;
    auto& all = *static_cast<calls*>(here);
    const bool deep = all.depth == deepest;
    all.depth += deep ? 0 : 1;
    while (list) {
        std::unique_ptr<callback> c = std::move(list);
        list = std::move(c->next);
        if (deep && c->continues())
            all.put_off(std::move(c), *this);
        else
            calls::run(*c, *this);
    }
    all.depth -= deep ? 0 : 1;
    if (&all != &outermost) return;
    all.run_put_off();
    here = nullptr;
}

void future_state::call_put_off() noexcept {
    if (void* const here = completing_here()) static_cast<calls*>(here)->run_put_off();
}

void future_state::on_done(std::unique_ptr<callback> c) {
    {
        std::lock_guard guard(callbacks_lock_);
        if (announce(callbacks)) {
            callback* const raw = c.get();
            (last_callback_ != nullptr ? last_callback_->next : first_callback_) = std::move(c);
            last_callback_ = raw;
            return;
        }
    }
    call_back(std::move(c));
}

void future_state::forget(const callback* c) noexcept {
    std::unique_ptr<callback> removed;  // goes away when the lock is free again
    std::lock_guard guard(callbacks_lock_);
    callback* before = nullptr;
    for (auto* link = &first_callback_; *link; link = &(*link)->next) {
        if (link->get() == c) {
            removed = std::move(*link);
            *link = std::move(removed->next);
            if (last_callback_ == c) last_callback_ = before;
            return;
        }
        before = link->get();
    }
}

bool future_state::announce(std::uint32_t bit) const noexcept {
    std::uint32_t word = word_.load(std::memory_order_acquire);
    while (!done(word))
        if ((word & bit) != 0 || word_.compare_exchange_weak(word, word | bit, std::memory_order_acquire))
            return true;
    return false;
}

bool future_state::wait_slow(rt::deadline until) const {
    call_put_off();  // what is waited for may come of it
    if (done()) return true;
    // Who waits without a limit may as well do the work; it has not begun, so nobody else has a use for it
    // first. What is waited for is not changed by that, hence the cast.
    if (until.is_never() && status() == future_status::pending && const_cast<future_state*>(this)->run_here())
        return true;
    // The wake-up of a thread costs as much as many a task.
    if (rt::fiber_task::current() == nullptr)
        for (rt::spinner spin = rt::spinner::patient(); !done() && spin.again();) {
        }
    while (!done()) {
        const auto outcome =
            rt::park(address(), [this] { return announce_waiter(); }, until, rt::cancellation::observed);
        if (outcome == rt::wait_outcome::cancelled) throw cancelled();
        if (outcome == rt::wait_outcome::timed_out) return done();
    }
    return true;
}

void future_state::settle() const noexcept {
    while (!done()) rt::park(address(), [this] { return announce_waiter(); });
}

std::exception_ptr future_state::error() const noexcept {
    error_seen_.store(true, std::memory_order_relaxed);
    return error_;
}

void future_state::check() const {
    if (status() == future_status::cancelled)
        throw cancelled("the future was cancelled before its task started");
    if (error_) std::rethrow_exception(error());
}

}  // namespace heddle::inline v0::detail
