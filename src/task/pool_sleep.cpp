// SPDX-License-Identifier: BSL-1.0
// How the workers of a pool fall asleep and are woken; see idle_count.hpp for the rule.
#include <algorithm>
#include <heddle/rt/parking_lot.hpp>
#include <mutex>
#include <utility>
#include "pool_engine.hpp"

namespace heddle::inline v0::detail {

bool pool_engine::any_work() const noexcept {
    if (!injector_.empty()) return true;
    return std::any_of(workers_.begin(), workers_.end(), [](const auto& w) { return !w->deque.empty(); });
}

// Whether a timer is armed and nobody sleeps until it is due. The rule: if so, a worker is awake that will
// look here, or fall asleep as the one that keeps the time, before it does anything that may take long.
//
// Timers are armed by workers, and time-keepers get up, and both go on to something else or to sleep. Who
// falls asleep stores that it keeps the time, if nobody does, and then loads when the next timer is due; who
// turns to something else has stored the timer, or got up, and then loads who keeps the time. All are
// seq_cst: so either the sleeper knows of the timer, or it is seen here that nobody does, and one that sleeps
// is woken. That one looks for work, and if there is none it falls asleep again, as the one that keeps the
// time.
bool pool_engine::untimed() const noexcept {
    return !clock_.next().is_never() && timekeeper_.load(std::memory_order_seq_cst) == nullptr;
}

// Everything that began has ended. Only sure when all workers are on the list of sleepers.
bool pool_engine::all_done() const noexcept {
    std::uint64_t begun = 0;
    std::uint64_t ended = 0;
    for (const auto& w : workers_) {
        begun += w->begun.load(std::memory_order_relaxed);
        ended += w->ended.load(std::memory_order_relaxed);
    }
    return begun == ended && !any_work();
}

rt::work_source::idle pool_engine::prepare_sleep(rt::worker& self, rt::deadline& until) noexcept {
    auto& w = static_cast<pool_worker&>(self);
    if (w.posted_to()) return idle::work;  // also at the end: nobody else can run it
    trim_spare(w);
    {
        std::lock_guard guard(lock_);
        if (phase_ == phase::stopped) return idle::stop;
        const bool was_searching = std::exchange(w.searching, false);
        w.listed = true;
        sleepers_.push_back(&w);  // room was reserved for every worker
        idle_.fall_asleep(was_searching);
        if (phase_ == phase::closing && sleepers_.size() == alive_ && all_done()) {
            phase_ = phase::stopped;
            for (pool_worker* s : sleepers_) s->wake();
            return idle::stop;
        }
        if (timekeeper_.load(std::memory_order_relaxed) == nullptr)
            timekeeper_.store(&w, std::memory_order_seq_cst);
    }
    if (any_work()) {
        end_sleep(self);
        // It looks for it: who added it may have left that to us. If this worker has something of its own to
        // do first, it says that nobody looks any more; see found().
        if (!w.searching) w.searching = idle_.begin_search();
        return idle::work;
    }
    if (timekeeper_.load(std::memory_order_relaxed) == &w) until = std::min(until, clock_.next());
    pool_worker::count(w.sleeps);
    return idle::sleep;
}

void pool_engine::end_sleep(rt::worker& self) noexcept {
    auto& w = static_cast<pool_worker&>(self);
    std::lock_guard guard(lock_);
    if (timekeeper_.load(std::memory_order_relaxed) == &w)
        timekeeper_.store(nullptr, std::memory_order_seq_cst);
    if (!w.listed) return;  // woken to look for work
    w.listed = false;
    std::erase(sleepers_, &w);
    idle_.get_up();
}

void pool_engine::wake_one() noexcept {
    pool_worker* w = nullptr;
    {
        std::lock_guard guard(lock_);
        if (!idle_.wants_waking()) return;
        // The one that keeps the time last: who sleeps on would not know of the timers.
        auto at = sleepers_.end() - 1;
        if (*at == timekeeper_.load(std::memory_order_relaxed)) {
            if (at != sleepers_.begin())
                --at;
            else
                timekeeper_.store(nullptr, std::memory_order_seq_cst);  // the next to fall asleep is it
        }
        w = *at;
        sleepers_.erase(at);
        w->listed = false;
        w->searching = true;
        idle_.get_up_searching();
    }
    w->wake();
}

// Work that came from outside may run, and be the last that the pool was needed for, as soon as another
// worker can take it. So whoever adds it decides before that, under the lock by which it is taken, whether
// somebody is to be woken, and is counted if so: the destructor waits for those. Who wakes nobody touches the
// pool no more, and that is nearly always so where much is added; the count costs nothing then.
bool pool_engine::begin_wake() noexcept {
    if (!idle_.wants_waking()) return false;
    // relaxed: the lock of the queue hands it on to who takes the work, and so to who ends the pool.
    wakers_.fetch_add(1, std::memory_order_relaxed);
    return true;
}

void pool_engine::end_wake() noexcept {
    wake_one();
    const void* const address = &wakers_;
    // release: our last use of the members comes before their end. Afterwards only the address is used.
    if (wakers_.fetch_sub(1, std::memory_order_acq_rel) == (ending | 1)) rt::parking_lot::unpark_all(address);
}

void pool_engine::settle_wakers() noexcept {
    wakers_.fetch_or(ending, std::memory_order_relaxed);
    const auto some_left = [this] { return wakers_.load(std::memory_order_acquire) != ending; };
    while (some_left()) rt::park(&wakers_, some_left);
}

void pool_engine::wake_all() noexcept {
    std::lock_guard guard(lock_);
    for (pool_worker* w : sleepers_) w->wake();
}

}  // namespace heddle::inline v0::detail
