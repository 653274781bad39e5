// SPDX-License-Identifier: BSL-1.0
#include "pool_engine.hpp"
#include <algorithm>
#include <array>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/error.hpp>
#include <heddle/rt/fiber.hpp>
#include <heddle/rt/spinner.hpp>
#include <heddle/rt/topology.hpp>
#include <mutex>
#include <utility>

namespace heddle::inline v0::detail {

namespace {

// A worker keeps so many fibers at rest. What is more is given back, and with it the memory: rt/ keeps some
// of the stacks, most of them trimmed.
constexpr std::size_t spare_per_worker = 32;

// What a task that is run in place finds of the stack, at least.
constexpr std::size_t least_room = std::size_t{64} << 10;

// After so many pushes to its own deque a worker looks at the others'.
constexpr unsigned long_enough = 61;

// So many times a worker looks for forks that are public before it asks for some: about a microsecond.
constexpr unsigned ask_after = 8;

// How long the only worker that is awake looks for more if what comes from outside comes seldom.
constexpr std::chrono::nanoseconds alone{500};

}  // namespace

bool work::may_run_here() const noexcept {
    const rt::fiber_task* const f = rt::fiber_task::current();
    const void* const owner = owner_.load(std::memory_order_acquire);
    if (f == nullptr || owner == nullptr || &f->host() != owner || f->pinned()) return false;
    // A task was promised a stack of its own. Half of one is what it may have to do with: what waits deeper
    // in a chain of tasks is left to the queue.
    return rt::fiber::stack_left() > std::max(rt::fiber::current()->stack_size() / 2, least_room);
}

pool_engine::pool_engine(thread_pool_options options, thread_pool* owner)
    : options_(std::move(options)),
      owner_(owner),
      helpers_(options_.name + "-blocking") {
    const unsigned count = options_.workers != 0 ? options_.workers : rt::cpu_count();
    if (options_.capacity != 0) room_.emplace(static_cast<std::ptrdiff_t>(options_.capacity));
    workers_.reserve(count);
    sleepers_.reserve(count);
    alive_ = count;
    for (unsigned i = 0; i < count; ++i) {
        workers_.push_back(std::make_unique<pool_worker>(options_.name + "-" + std::to_string(i), i));
        workers_.back()->spare.reserve(spare_per_worker);
    }
    threads_.start(
        options_.name, workers_, *this, options_.initializer,
        [this](const std::exception_ptr& error) { break_by(error); },
        [this](std::size_t missing) {
            {
                std::lock_guard guard(lock_);
                alive_ -= missing;
            }
            stop({.wait = false, .cancel_pending = true});
        });
}

pool_engine::~pool_engine() {
    stop({.wait = true, .cancel_pending = false});
    visitors_.settle();
    for (const auto& w : workers_)
        for (pool_fiber* f : w->spare) f->finish();
}

thread_pool_stats pool_engine::stats() const {
    thread_pool_stats s;
    std::uint64_t begun = 0;
    for (const auto& w : workers_) {
        s.tasks += w->ended.load(std::memory_order_relaxed);
        begun += w->begun.load(std::memory_order_relaxed);
        s.steals += w->steals.load(std::memory_order_relaxed);
        s.asks += w->asks.load(std::memory_order_relaxed);
        s.promotions += w->promotions.load(std::memory_order_relaxed);
        s.sleeps += w->sleeps.load(std::memory_order_relaxed);
        s.pending += w->deque.size();
    }
    s.running = begun > s.tasks ? static_cast<std::size_t>(begun - s.tasks) : 0;
    s.pending += injector_.size();
    s.wakes = wakes_.load(std::memory_order_relaxed);
    return s;
}

// ---- adding

void pool_engine::enqueue(work& w, int priority) {
    if (room_) {
        try {
            room_->acquire();
        } catch (...) {
            w.give_up();
            throw;
        }
    }
    accept(w, priority);
}

bool pool_engine::try_enqueue(work& w, int priority) {
    if (room_ && !room_->try_acquire()) {
        w.give_up();
        return false;
    }
    accept(w, priority);
    return true;
}

void pool_engine::accept(work& w, int priority) {
    w.set_owner(static_cast<rt::fiber_host*>(this));
    pool_fiber* const here = priority == 0 ? pool_fiber::current(*this) : nullptr;
    // From inside no lock is needed: as long as this task runs the pool does not stop.
    if (here != nullptr && !closed_.load(std::memory_order_acquire)) {
        push(here->worker(), w);
        return;
    }
    bool entered = false;
    try {
        entered = visitors_.enter();
        if (!entered) refuse();
        injector_.push(w, priority);
    } catch (...) {
        if (room_) room_->release();
        if (entered) visitors_.leave();
        w.give_up();  // last: who waits for it may end the pool
        throw;
    }
    notify_patiently();
    visitors_.leave();
}

void pool_engine::refuse() {
    std::lock_guard guard(closing_);
    if (broken_) std::rethrow_exception(broken_);
    throw shutdown_error("submit() on pool '" + options_.name + "', which has been shut down");
}

void pool_engine::push(pool_worker& w, rt::runnable& r) noexcept {
    ++w.pushes;
    if (!w.deque.push(r)) [[unlikely]] {
        rt::runnable_queue one;
        one.push(r);
        injector_.put_back(one);
    }
    notify();
}

// A fiber that can go on: on its worker if it is pinned; otherwise, from one of the workers it goes to that
// one's deque, otherwise into the injector.
void pool_engine::make_ready(rt::runnable& r) noexcept {
    // What is read of the fiber was written before it was made known to whoever calls this.
    if (const pool_fiber& f = pool_fiber::of(r); f.pinned()) {
        f.home().post(r);
        return;
    }
    if (rt::worker* const w = rt::worker::current(); w != nullptr && w->source() == this) {
        push(static_cast<pool_worker&>(*w), r);
        return;
    }
    put_back(r);
}

void pool_engine::put_back(rt::runnable& r) noexcept {
    rt::runnable_queue one;
    one.push(r);
    visitors_.enter_again();
    injector_.put_back(one);
    notify_patiently();
    visitors_.leave_again();
}

void pool_engine::yield(rt::fiber_task& running) noexcept {
    running.begin_wait();
    running.suspend(
        [](void* self) noexcept {
            auto& f = *static_cast<pool_fiber*>(self);
            if (f.pinned())
                f.resume();
            else
                f.go_on_last();
        },
        static_cast<pool_fiber*>(&running));
}

void pool_engine::add_timer(rt::timer& t, rt::clock::time_point when) {
    if (!clock_.add(t, when)) return;
    // add() has stored when the next timer is due, and the timekeeper reads that after it has made itself
    // known; all seq_cst, so either it sees this timer or it is seen here.
    // If nobody keeps the time, the calling worker sees to that when it turns to something else; see
    // untimed().
    if (timekeeper_.load(std::memory_order_seq_cst) == nullptr) return;
    std::lock_guard guard(lock_);
    if (pool_worker* const w = timekeeper_.load(std::memory_order_relaxed)) {
        pool_worker::count(wakes_);
        w->wake();
    }
}

// ---- taking

rt::runnable* pool_engine::take(rt::worker& self) noexcept {
    auto& w = static_cast<pool_worker&>(self);
    while (rt::runnable* const r = find(w)) {
        if (rt::runnable* const step = dispatch(w, *r)) return step;
    }
    return nullptr;
}

rt::runnable* pool_engine::find(pool_worker& w) noexcept {
    if (w.next != nullptr) return std::exchange(w.next, nullptr);
    if (rt::controlled())
        if (rt::runnable* const r = find_any(w)) return r;
    clock_.fire();
    if (injector_.has(injector::level::urgent))
        if (rt::runnable* const r = injector_.take_one(injector::level::urgent)) return r;
    // Tasks that always add tasks must not keep out those from outside, nor the oldest of their own.
    if (w.pushes >= long_enough) [[unlikely]] {
        w.pushes = 0;
        rt::runnable* r = nullptr;
        if (injector_.has(injector::level::normal)) {
            injector_.take({&r, 1}, 1);
        }
        if (r == nullptr) r = w.deque.steal();
        if (r != nullptr) return r;
    }
    if (rt::runnable* const r = w.deque.pop()) return r;
    if (injector_.has(injector::level::normal))
        if (rt::runnable* const r = take_batch(w)) return r;
    return search(w);
}

// Under the checker: where it looks first is its choice. Null if there is nothing there.
rt::runnable* pool_engine::find_any(pool_worker& w) noexcept {
    switch (rt::choose_below(3)) {
        case 0:
            return nullptr;  // the usual order
        case 1:
            return w.deque.steal();
        default:
            return injector_.has(injector::level::normal) ? take_batch(w) : nullptr;
    }
}

// Some of what came from outside, so that the lock is taken once for many. They are pushed so that they are
// popped in their order.
rt::runnable* pool_engine::take_batch(pool_worker& w) noexcept {
    std::array<rt::runnable*, 32> batch{};
    std::size_t n = injector_.take(batch, workers_.size());
    if (n <= 1) return batch.front();
    while (n > 1 && w.deque.push(*batch[n - 1])) --n;
    if (n > 1) {  // no memory
        rt::runnable_queue back;
        for (std::size_t i = 1; i < n; ++i) back.push(*batch[i]);
        injector_.put_back(back);
    }
    notify();
    return batch.front();
}

// For how long a worker that has nothing to do looks.
std::chrono::nanoseconds pool_engine::looks_for(pool_worker& w) noexcept {
    const std::chrono::nanoseconds patience = w.patience.limit();
    const bool others_awake = idle_.sleeping() + 1 < workers_.size();
    const bool just_woken = std::exchange(w.just_woken, false);
    // Nobody is there who could make work, and what came from outside came seldom: what is spent on looking
    // the kernel counts, and lets the worker begin later when it is woken.
    if (!others_awake) return patience > rt::spinner::usual ? patience : alone;
    // Who was woken for what another worker has taken leaves it to that one, which is awake, to wait for
    // more. But nobody gives up before he has asked for forks, and had the time to be answered.
    return just_woken ? rt::spinner::usual : std::max<std::chrono::nanoseconds>(patience, rt::spinner::usual);
}

rt::runnable* pool_engine::search(pool_worker& w) noexcept {
    if (!w.searching && !(w.searching = idle_.begin_search() || take_over_search())) return sweep(w, false);
    rt::spinner spin(looks_for(w));
    for (unsigned rounds = 0;; ++rounds) {
        // Not at once: a fork that is found only by asking for it is a small one.
        if (rt::runnable* const r = sweep(w, rounds >= ask_after || rt::controlled())) return r;
        if (w.posted_to() || !spin.again()) return nullptr;  // prepare_sleep() ends the search
    }
}

rt::runnable* pool_engine::sweep(pool_worker& w, bool asking) noexcept {
    const std::size_t n = workers_.size();
    const std::size_t first = rt::controlled() ? rt::choose_below(n) : w.draw(n);
    for (std::size_t i = 0; i < n; ++i) {
        pool_worker& other = *workers_[(first + i) % n];
        if (&other == &w) continue;
        if (rt::runnable* const r = other.deque.steal()) {
            pool_worker::count(w.steals);
            return r;
        }
        if (rt::runnable* const r = steal_fork(w, other, asking)) return r;
    }
    if (injector_.has(injector::level::normal))
        if (rt::runnable* const r = take_batch(w)) return r;
    return injector_.has(injector::level::background) ? injector_.take_one(injector::level::background)
                                                      : nullptr;
}

// Part of what runs on another worker, if that has made forks.
rt::runnable* pool_engine::steal_fork(pool_worker& w, pool_worker& from, bool asking) noexcept {
    fork_context* const forks = from.running.load(std::memory_order_acquire);
    if (forks == nullptr) return nullptr;
    if (!forks->offers()) {
        if (asking && forks->ask()) pool_worker::count(w.asks);
        return nullptr;
    }
    // The fiber first: what is stolen has to be run.
    pool_fiber* f = nullptr;
    try {
        f = fiber_for(w);
    } catch (...) {
        return nullptr;
    }
    if (fork_slot* const slot = forks->steal()) {
        pool_worker::count(w.steals);
        return &f->begin(*slot);
    }
    rests(*f);
    return nullptr;
}

// What the worker is to run for `r`; null if there is no fiber for it, and then it has failed.
rt::runnable* pool_engine::dispatch(pool_worker& w, rt::runnable& r) noexcept {
    found(w);
    if (pool_fiber::goes_on(r)) return &r;
    taken_from_queue(r);
    try {
        return &fiber_for(w)->begin(r);
    } catch (...) {
        if (is_call(r)) static_cast<work&>(r).give_up(std::current_exception());
        return nullptr;  // the fiber that made an offer runs its forks itself
    }
}

// It has something to do. If it was the one that looks for work, nobody does so now: see idle_count. And it
// may be busy when the next timer is due: see untimed().
void pool_engine::found(pool_worker& w) noexcept {
    if (!w.searching) {
        if (untimed()) [[unlikely]]
            notify();
        return;
    }
    w.searching = false;
    w.just_woken = false;
    idle_.end_search();
    if (any_work() || untimed()) notify();
}

// A coroutine, or a fiber that stays on its thread: as long as that runs, nobody looks for work.
void pool_engine::turns_to_own(rt::worker& w) noexcept {
    found(static_cast<pool_worker&>(w));
}

bool pool_engine::is_call(const rt::runnable& r) noexcept {
    return !pool_fiber::goes_on(r) && !pool_fiber::is_offer(r);
}

void pool_engine::taken_from_queue(const rt::runnable& r) noexcept {
    if (room_ && is_call(r)) room_->release();
}

pool_fiber* pool_engine::fiber_for(pool_worker& w) {
    if (!w.spare.empty()) {
        pool_fiber* const f = w.spare.back();
        w.spare.pop_back();
        w.trimmed = std::min(w.trimmed, w.spare.size());
        return f;
    }
    return new pool_fiber(*this);  // it deletes itself; see pool_fiber::ended()
}

void pool_engine::rests(pool_fiber& f) noexcept {
    auto& w = static_cast<pool_worker&>(*rt::worker::current());
    if (w.spare.size() < spare_per_worker)
        w.spare.push_back(&f);  // there is room
    else
        f.finish();
}

// When the worker has nothing to do. The one that is used next keeps what the last task on it needed.
void pool_engine::trim_spare(pool_worker& w) noexcept {
    for (; w.trimmed + 1 < w.spare.size(); ++w.trimmed) w.spare[w.trimmed]->trim();
}

pool_forks& pool_engine::take_forks() {
    {
        std::lock_guard guard(lock_);
        if (free_forks_ != nullptr) return *std::exchange(free_forks_, free_forks_->next);
    }
    auto made = std::make_unique<pool_forks>(*this);
    std::lock_guard guard(lock_);
    forks_.push_back(std::move(made));
    return *forks_.back();
}

void pool_engine::give_forks(pool_forks& f) noexcept {
    f.context.clear();
    std::lock_guard guard(lock_);
    f.next = std::exchange(free_forks_, &f);
}

rt::runnable* pool_engine::next_call(pool_worker& w) noexcept {
    if (w.next != nullptr || w.pushes >= long_enough || injector_.has(injector::level::urgent))
        return nullptr;
    if (rt::controlled() && rt::choose_below(2) != 0) return nullptr;  // as the run loop chooses
    rt::runnable* const r = w.deque.pop();
    if (r == nullptr) return nullptr;
    if (pool_fiber::goes_on(*r)) {
        w.next = r;
        return nullptr;
    }
    taken_from_queue(*r);
    return r;
}

}  // namespace heddle::inline v0::detail
