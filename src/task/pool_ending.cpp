// SPDX-License-Identifier: BSL-1.0
// How a pool ends: closed by shutdown(), or broken by an initializer that throws.
#include <heddle/rt/error.hpp>
#include <mutex>
#include "pool_engine.hpp"

namespace heddle::inline v0::detail {

void pool_engine::stop(shutdown_options how) {
    if (how.wait && rt::worker::current() != nullptr && rt::worker::current()->source() == this)
        throw invalid_state("a task of pool '" + options_.name +
                            "' cannot wait for its own pool to shut down");
    close(nullptr);
    if (how.cancel_pending) withdraw(nullptr);
    // Who sleeps looks again, and the last to fall asleep sees that all is done.
    {
        std::lock_guard guard(lock_);
        if (phase_ == phase::open) phase_ = phase::closing;
    }
    wake_all();
    if (how.wait) join();
}

// From here on nothing comes from outside any more, and what tasks of the pool add is refused.
void pool_engine::close(std::exception_ptr broken) {
    {
        std::lock_guard guard(closing_);
        if (broken && !broken_) broken_ = std::move(broken);
    }
    closed_.store(true, std::memory_order_release);
    visitors_.close();
}

void pool_engine::break_by(const std::exception_ptr& error) noexcept {
    close(error);
    withdraw(error);
    {
        std::lock_guard guard(lock_);
        --alive_;
        if (phase_ == phase::open) phase_ = phase::closing;
    }
    wake_all();  // the others end when they have nothing to do
}

// Gives up all calls that have not begun: those in the injector, and those in the deques as far as their
// owners are not faster. Fibers that can go on are put back.
void pool_engine::withdraw(const std::exception_ptr& why) noexcept {
    rt::runnable_queue fibers;
    const auto drop = [&](rt::runnable* r) {
        if (is_call(*r))
            give_up(r, why);
        else
            fibers.push(*r);
    };
    rt::runnable_queue pending;
    injector_.take_all(pending);
    while (rt::runnable* const r = pending.pop()) drop(r);
    for (const auto& w : workers_)
        while (!w->deque.empty())
            if (rt::runnable* const r = w->deque.steal()) drop(r);
    if (fibers.empty()) return;
    injector_.put_back(fibers);
    notify();
}

void pool_engine::give_up(rt::runnable* r, const std::exception_ptr& why) noexcept {
    taken_from_queue(*r);
    auto& w = static_cast<work&>(*r);
    why ? w.give_up(why) : w.give_up();  // it is gone then
}

}  // namespace heddle::inline v0::detail
