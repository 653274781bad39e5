// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/detail/spin.hpp>
#include <heddle/task/fork_context.hpp>
#include <new>
#include <utility>
#include "pool_engine.hpp"

namespace heddle::inline v0::detail {

namespace {

// So deep may forks be nested on one fiber; what is deeper is not forked. Pages that are not reached are not
// touched.
constexpr std::size_t room = 1024;
// In nanoseconds. To have a part done elsewhere costs both sides about one microsecond; to wake a worker
// costs the waker 12, and it comes 40 later. Not for what is over by then.
constexpr std::int64_t worth_sharing = 3'000;
constexpr std::int64_t worth_waking = 20'000;

// One in so many is timed, and one in so many looks at the clock: that costs as much as several forks.
constexpr unsigned seldom = 4;

std::int64_t now() noexcept {
    return rt::clock::now().time_since_epoch().count();
}

// Whether such parts have run for so long lately that one is worth sharing. Under the checker, where time is
// virtual, that is its choice: so forks are also published that nobody has asked for.
bool for_long_lately(const fork_pace& pace) noexcept {
    return rt::controlled() ? rt::choose_below(2) != 0 : pace.expected() > worth_sharing;
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
    // As memory: a constructor would touch all of it.
    base_.reset(static_cast<fork_slot*>(::operator new(room * sizeof(fork_slot), std::nothrow)));
    if (base_ == nullptr) return false;
    top_ = split_ = base_.get();
    end_ = top_ + room;
    several_ = engine_->worker_count() > 1;
    look_again();
    return true;
}

// Sets the limit anew. A worker that asks in between is heeded when the fiber looks next.
void fork_context::look_again() noexcept {
    const bool asked = asked_.load(std::memory_order_relaxed) || stop_asked_.load(std::memory_order_relaxed);
    limit_.store(asked ? everything() : split_ + 1, std::memory_order_relaxed);
}

// `t` has just been made, so it is the fiber's own.
void fork_context::poll(fork_slot* t, fork_pace& pace) {
    look_for_stop(t);
    if (!several_) return;
    if (t == split_ && !offers()) begin_tree(t, pace);
    look_around();
}

// The first fork of a task always comes here, and asks to be told of requests to stop: from then on the
// others come here after one.
void fork_context::look_for_stop(fork_slot* t) {
    rt::task_context& task = rt::current_task();
    if (stop_asked_.load(std::memory_order_relaxed)) {
        stop_asked_.store(false, std::memory_order_relaxed);
        look_again();
    }
    if (task.stop_pending() && task.take_stop()) {
        top_ = t;
        throw cancelled();
    }
    if (listening_to_ == &task) return;
    listening_to_ = &task;
    task.listen(this);
}

// No other fork of this fiber could be stolen or become so. If such parts have run for long lately it is made
// public, though nobody has asked: a part without forks and joins would not hear it.
void fork_context::begin_tree(fork_slot* t, fork_pace& pace) noexcept {
    pace_ = &pace;
    if (engine_->wants_waking()) forget_request();
    if (for_long_lately(pace)) publish(index(t) + 1);
    if (measured_ != nullptr && measured_ < t) return;  // a part of what is measured
    polls_ = 1;
    const bool measure = pace.unknown() || ++trees_ % seldom == 0;
    measured_ = measure ? t : nullptr;
    began_ = measure ? now() : 0;
}

// Whether somebody wants something. Who has asked is left alone until it is known to be worth it, and heeded
// at a later fork or join.
void fork_context::look_around() noexcept {
    const bool asleep = engine_->wants_waking();
    if (!asleep && !asked_.load(std::memory_order_relaxed)) return;
    if (has_run_for(asleep ? worth_waking : worth_sharing)) answer();
}

// Whether this runs for so long, as far as is known.
bool fork_context::has_run_for(std::int64_t time) noexcept {
    if (rt::controlled()) return rt::choose_below(2) != 0;  // time is virtual
    if (pace_ != nullptr && pace_->expected() > time) return true;
    if (polls_++ % seldom != 0) return false;
    if (began_ == 0) began_ = now();
    return now() - began_ > time;
}

void fork_context::forget_request() noexcept {
    if (!asked_.load(std::memory_order_relaxed)) return;
    asked_.store(false, std::memory_order_relaxed);
    look_again();
}

// Publishes the older half of what is the fiber's own, and wakes a worker if none looks for work.
void fork_context::answer() noexcept {
    forget_request();
    const std::uint32_t s = index(split_);
    const std::uint32_t h = index(top_);
    publish(s + (h - s + 1) / 2);
    if (offers()) engine_->notify();
}

bool fork_context::wanted() noexcept {
    const bool asleep = engine_->wants_waking();
    if (!asleep && !asked_.load(std::memory_order_relaxed)) return false;
    if (!has_run_for(asleep ? worth_waking : worth_sharing)) return false;
    ask();  // so that the fork that follows is published
    return true;
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
        t->end = part_end::done;
        t->stopped = false;
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
    // seq_cst, as the look whether to wake somebody that comes after it: a worker that falls asleep says so
    // and then looks for forks; see any_offers(). It has to find this fiber, too, so that is said once more.
    auto& worker = static_cast<pool_worker&>(*rt::worker::current());
    worker.running.store(this, std::memory_order_seq_cst);
    pool_worker::count(worker.promotions, static_cast<std::uint64_t>(t - split_));
    std::uint64_t r = range_.load(std::memory_order_relaxed);
    while (!range_.compare_exchange_weak(r, pack(tail_of(r), index(t)), std::memory_order_seq_cst,
                                         std::memory_order_relaxed)) {
    }
    split_ = t;
    look_again();
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
        look_again();
        if (prepared_) [[unlikely]]
            drop_parts(split_, published);
        return true;
    }
    return false;
}

// Waits for a stolen one.
void fork_context::wait_for(fork_slot* t) noexcept {
    const auto done = [t] { return t->state().load(std::memory_order_acquire) == fork_slot::done; };
    // What is nearly done is waited for on the spot: about a microsecond.
    spinner spin;
    for (int looks = 0; looks < 10 && !done() && spin.again(); ++looks) {
    }
    if (!done()) engine_->wait_for(*t);
    // All below are stolen, and nothing is above.
    const std::uint32_t i = index(t);
    range_.store(pack(i, i), std::memory_order_release);
    split_ = top_ = t;
    look_again();
    if (t->end == part_end::failed) t->task->withdraw_request(t->asked);
}

part_end fork_context::join_slow(fork_slot* t) noexcept {
    if (t == measured_) {
        pace_->note(now() - began_);
        measured_ = nullptr;
    }
    if (t >= split_) {
        top_ = t;
        look_around();
        return part_end::not_begun;
    }
    if (take_back(t)) return part_end::not_begun;
    wait_for(t);
    // The request went to the task and to its part, and the cancelled that comes out here is its delivery.
    if (t->stopped) t->task->take_stop();
    return t->end;
}

part_end fork_context::abandon(fork_slot* t) noexcept {
    if (t == measured_) measured_ = nullptr;
    if (t >= split_) {
        top_ = t;
        return part_end::not_begun;
    }
    if (take_back(t)) return part_end::not_begun;
    t->task->stop_part(t);  // nothing, if it is over
    wait_for(t);
    return t->end;
}

}  // namespace heddle::inline v0::detail
