// SPDX-License-Identifier: BSL-1.0
// How the workers of a pool fall asleep and are woken; see idle_count.hpp for the rule.
#include <algorithm>
#include <heddle/rt/spinner.hpp>
#include <mutex>
#include <utility>
#include "pool_engine.hpp"

namespace heddle::inline v0::detail {

namespace {

constexpr std::size_t pauses_before_waking = 8;

}  // namespace

bool pool_engine::any_work() const noexcept {
    if (!injector_.empty()) return true;
    return std::any_of(workers_.begin(), workers_.end(), [](const auto& w) { return !w->deque.empty(); });
}

// Whether another worker's fiber has forks that are public. Who publishes some looks afterwards whether to
// wake somebody, perhaps for the last time in long; who falls asleep has said so before it looks here.
bool pool_engine::any_offers(const pool_worker& but) const noexcept {
    return std::any_of(workers_.begin(), workers_.end(), [&](const auto& w) {
        const fork_context* const forks = w->running.load(std::memory_order_seq_cst);
        return w.get() != &but && forks != nullptr && forks->offers();
    });
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
        w.woken_by = {};
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
    if (any_work() || any_offers(w)) {
        get_up(w);
        // It looks for it: who added it may have left that to us. If this worker has something of its own to
        // do first, it says that nobody looks any more; see found().
        if (!w.searching) w.searching = idle_.begin_search();
        return idle::work;
    }
    if (timekeeper_.load(std::memory_order_relaxed) == &w) until = std::min(until, clock_.next());
    pool_worker::count(w.sleeps);
    w.asleep_since = rt::patience::begin();
    return idle::sleep;
}

void pool_engine::end_sleep(rt::worker& self) noexcept {
    auto& w = static_cast<pool_worker&>(self);
    get_up(w);
    w.just_woken = true;
    w.patience.slept(w.asleep_since, w.woken_by);
}

void pool_engine::get_up(pool_worker& w) noexcept {
    std::lock_guard guard(lock_);
    if (timekeeper_.load(std::memory_order_relaxed) == &w)
        timekeeper_.store(nullptr, std::memory_order_seq_cst);
    if (getting_up_.load(std::memory_order_relaxed) == &w)
        getting_up_.store(nullptr, std::memory_order_relaxed);
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
        w->woken_by = rt::patience::wake_up::now();
        getting_up_.store(w, std::memory_order_relaxed);
        pool_worker::count(wakes_);
    }
    w->wake();
}

// The calling worker has nothing to do, and one that was woken to look for work is not up yet, which takes a
// while: this one looks in its place, and that one finds that it need not.
bool pool_engine::take_over_search() noexcept {
    if (getting_up_.load(std::memory_order_relaxed) == nullptr) return false;
    std::lock_guard guard(lock_);
    pool_worker* const w = getting_up_.load(std::memory_order_relaxed);
    if (w == nullptr) return false;
    getting_up_.store(nullptr, std::memory_order_relaxed);
    w->searching = false;
    return true;
}

// As notify(), from outside. A worker that is awake may be about to look for work, and another one that is
// woken then comes too late, and takes a CPU from those who are at it. To wake it costs ten times as long as
// this waits.
void pool_engine::notify_patiently() noexcept {
    if (!idle_.wants_waking()) return;
    if (idle_.sleeping() < workers_.size()) rt::spinner::pause_patiently(pauses_before_waking);
    notify();
}

void pool_engine::wake_all() noexcept {
    std::lock_guard guard(lock_);
    for (pool_worker* w : sleepers_) w->wake();
}

}  // namespace heddle::inline v0::detail
