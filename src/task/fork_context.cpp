// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/fork_context.hpp>
#include <new>
#include <utility>
#include "pool_engine.hpp"

namespace heddle::inline v0::detail {

namespace {

// So deep may forks be nested on one fiber; what is deeper is not forked.
constexpr std::size_t room = 4096;
// To wake a worker costs the waker 12 µs, and it comes 40 µs later: not for a task that is over by then.
constexpr std::chrono::nanoseconds worth{20'000};

std::int64_t now() noexcept {
    return rt::clock::now().time_since_epoch().count();
}

}  // namespace

fork_mark::fork_mark() noexcept : context_(fork_context::current()) {
    if (context_ == nullptr) return;
    outer_ = context_->mark_;
    from_ = context_->top_;
    task_ = &rt::current_task();
    context_->mark_ = this;
}

fork_mark::~fork_mark() {
    if (context_ != nullptr) context_->mark_ = outer_;
}

bool fork_context::make_room() noexcept {
    if (base_ != nullptr) return false;  // full
    base_.reset(new (std::nothrow) fork_slot[room]);
    if (base_ == nullptr) return false;
    top_ = split_ = base_.get();
    end_ = top_ + room;
    if (limit_.load(std::memory_order_relaxed) != asked())
        limit_.store(top_ + shallow, std::memory_order_relaxed);
    return true;
}

// `t` has just been made, so it is the fiber's own.
void fork_context::poll(fork_slot* t) {
    if (rt::task_context& task = rt::current_task(); task.stop_pending() && task.take_stop()) {
        top_ = t;
        throw cancelled();
    }
    const bool wanted = limit_.load(std::memory_order_relaxed) == asked();
    limit_.store(base_.get() + shallow, std::memory_order_relaxed);
    if (!wanted && !worth_waking()) return;
    const std::uint32_t s = index(split_);
    const std::uint32_t h = index(top_);
    publish(s + (h - s + 1) / 2);
    engine_->notify();
}

// Whether a worker sleeps that could help, and this task has run long enough to be worth it.
bool fork_context::worth_waking() noexcept {
    if (!engine_->wants_waking()) return false;
    if (rt::controlled()) return rt::choose_below(2) != 0;  // time is virtual
    const unsigned n = polls_++;
    if (n % 8 != 0) return false;  // a look at the clock costs as much as several forks
    if (n == 0) began_ = now();
    return now() - began_ > worth.count();
}

// What a part inherits is copied here: its task may be running when a thief comes. If that throws, the part
// and those after it stay here, and the fiber calls them itself.
void fork_context::publish(std::uint32_t up_to) noexcept {
    if (publishing_) return;
    publishing_ = true;
    fork_slot* const end = base_.get() + up_to;
    fork_slot* t = split_;
    for (; t != end; ++t) {
        t->word = fork_slot::open;
        t->failed = t->stopped = false;
        t->task = &rt::current_task();
        for (const fork_mark* m = mark_; m != nullptr && t < m->from_; m = m->outer_) t->task = m->task_;
        t->part = nullptr;
        if (!t->task->locals().inheritable()) continue;
        try {
            t->part = new prepared_part(*t->task);
            prepared_ = true;
        } catch (const cancelled&) {
            rt::current_task().deliver_again();  // to the task, and not to what copies for it
            break;
        } catch (...) {
            break;
        }
    }
    publishing_ = false;
    if (t == split_) return;
    std::uint64_t r = range_.load(std::memory_order_relaxed);
    while (!range_.compare_exchange_weak(r, pack(tail_of(r), index(t)), std::memory_order_release,
                                         std::memory_order_relaxed)) {
    }
    split_ = t;
}

bool fork_context::publish_all() noexcept {
    if (base_ == nullptr || top_ == base_.get()) return false;
    publish(index(top_));
    return offers();
}

void fork_context::clear() noexcept {
    base_.reset();
    top_ = split_ = end_ = nullptr;
    limit_.store(nullptr, std::memory_order_relaxed);
}

// Nobody has taken these. Destroying what they have inherited may fork, above `top_`, or publish what is
// below: so they are first all taken out of their slots.
void fork_context::drop_parts(fork_slot* from, fork_slot* to) noexcept {
    prepared_part* all = nullptr;
    for (fork_slot* t = from; t != to; ++t)
        if (prepared_part* const p = std::exchange(t->part, nullptr)) {
            p->next = all;
            all = p;
        }
    while (all != nullptr) delete std::exchange(all, all->next);
}

fork_slot* fork_context::steal() noexcept {
    std::uint64_t r = range_.load(std::memory_order_acquire);
    if (tail_of(r) >= split_of(r)) return nullptr;
    // acquire: the slot. release: not needed by the fiber, which takes back by the same word.
    if (!range_.compare_exchange_strong(r, pack(tail_of(r) + 1, split_of(r)), std::memory_order_acq_rel,
                                        std::memory_order_relaxed))
        return nullptr;
    return base_.get() + tail_of(r);
}

bool fork_context::take_back(fork_slot* t) noexcept {
    const std::uint32_t i = index(t);
    std::uint64_t r = range_.load(std::memory_order_relaxed);
    while (tail_of(r) <= i) {
        // Half of what is public becomes the fiber's own again, so that the joins to come need not do this.
        const std::uint32_t split = tail_of(r) + (i - tail_of(r)) / 2;
        if (!range_.compare_exchange_weak(r, pack(tail_of(r), split), std::memory_order_acq_rel,
                                          std::memory_order_relaxed))
            continue;
        fork_slot* const published = std::exchange(split_, base_.get() + split);
        top_ = t;
        if (prepared_) [[unlikely]]
            drop_parts(split_, published);
        return true;
    }
    return false;
}

// Waits for a stolen one.
void fork_context::wait_for(fork_slot* t) noexcept {
    if (t->state().load(std::memory_order_acquire) != fork_slot::done) engine_->wait_for(*t);
    // All below are stolen, and nothing is above.
    const std::uint32_t i = index(t);
    range_.store(pack(i, i), std::memory_order_release);
    split_ = top_ = t;
    if (t->failed) t->task->withdraw_request(t->asked);
}

bool fork_context::join_slow(fork_slot* t) noexcept {
    if (take_back(t)) return true;
    wait_for(t);
    // The request went to the task and to its part, and the cancelled that comes out here is its delivery.
    if (t->stopped) t->task->take_stop();
    return false;
}

bool fork_context::abandon(fork_slot* t) noexcept {
    if (t >= split_) {
        top_ = t;
        return false;
    }
    if (take_back(t)) return false;
    t->task->stop_part(t);  // nothing, if it is over
    wait_for(t);
    return t->failed;  // not because it was asked to stop: so it came first
}

}  // namespace heddle::inline v0::detail
