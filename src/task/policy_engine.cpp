// SPDX-License-Identifier: BSL-1.0
#include "policy_engine.hpp"
#include <algorithm>
#include <heddle/rt/error.hpp>
#include <heddle/rt/topology.hpp>
#include <mutex>
#include <string>
#include <utility>
#include "pool_shutdown.hpp"

namespace heddle::inline v0::detail {

namespace {

using kind = schedule_event::kind;
using policy::stop_reason;
using rt::clock;

// Fibers that are kept for later; the stacks of more are given back.
constexpr std::size_t most_spare = 64;

}  // namespace

policy_fiber::policy_fiber(policy_engine& engine)
    : fiber_task(engine,
                 {.stack_size = engine.options().stack_size, .name = engine.options().name + " task"}),
      engine_(engine) {}

void policy_fiber::entering() noexcept {
    if (call_ != nullptr) engine_.entered(*this);  // otherwise see finish()
}

void policy_fiber::body() {
    while (call_ != nullptr) {
        call_->run();
        engine_.finished(*this);
        set_task(nullptr);
        rest(
            [](void* self) noexcept {
                auto& f = *static_cast<policy_fiber*>(self);
                f.engine_.rests(f);
            },
            this);
    }
}

policy_engine::policy_engine(policy::any_policy rule, policy_pool_options options)
    : options_(std::move(options)),
      rule_(std::move(rule)) {
    const unsigned count = options_.workers != 0 ? options_.workers : rt::cpu_count();
    if (options_.capacity != 0) room_.emplace(static_cast<std::ptrdiff_t>(options_.capacity));
    spare_.reserve(most_spare);
    for (unsigned i = 0; i < count; ++i)
        workers_.push_back(std::make_unique<member>(options_.name + "-" + std::to_string(i), i));
    threads_.start(
        options_.name, workers_, *this, options_.initializer,
        [this](const std::exception_ptr& error) { break_by(error); },
        [this](std::size_t) { stop({.wait = false}); });
}

policy_engine::~policy_engine() {
    stop({});
    for (policy_fiber* f : spare_) f->finish();
}

std::vector<schedule_event> policy_engine::trace() const {
    std::lock_guard guard(lock_);
    return trace_;
}

void policy_engine::note(kind what, std::uint64_t id, clock::time_point now, unsigned worker,
                         stop_reason why) {
    if (options_.record) trace_.push_back({what, now, id, worker, why});
}

// ---- adding and ending

void policy_engine::enqueue(work& w, const task_options& how) {
    if (room_) {
        try {
            room_->acquire();
        } catch (...) {
            w.give_up();
            throw;
        }
    }
    accept(w, how);
}

bool policy_engine::try_enqueue(work& w) {
    if (room_ && !room_->try_acquire()) {
        w.give_up();
        return false;
    }
    accept(w, {});
    return true;
}

void policy_engine::accept(work& w, const task_options& how) {
    try {
        if (rt::task_context* const task = w.context(); task != nullptr && !how.name.empty())
            task->set_name(how.name);
        std::lock_guard guard(lock_);
        if (broken_) std::rethrow_exception(broken_);
        if (closed_)
            throw shutdown_error("submit() on pool '" + options_.name + "', which has been shut down");
        const std::uint64_t id = ++last_id_;
        entry e;
        e.info.id = id;
        e.info.burst = how.burst;
        e.info.priority = how.priority;
        e.info.weight = how.weight;
        if (!how.due.is_never()) e.info.deadline = in_policy(how.due.when());
        e.info.period = how.period;
        e.call = &w;
        entry& kept = alive_.emplace(id, e).first->second;
        try {
            arrive(id, kept, clock::now());
        } catch (...) {
            alive_.erase(id);
            throw;
        }
        wake_one();
    } catch (...) {
        if (room_) room_->release();
        w.give_up();  // last: who waits for it may end the pool
        throw;
    }
}

void policy_engine::arrive(std::uint64_t id, entry& e, clock::time_point now) {
    e.info.arrival = in_policy(now);
    rule_.arrive(e.info, in_policy(now));
    ++ready_;
    note(kind::arrive, id, now);
}

void policy_engine::stop(shutdown_options how) {
    if (how.wait && rt::worker::current() != nullptr && rt::worker::current()->source() == this)
        throw invalid_state("a task of pool '" + options_.name +
                            "' cannot wait for its own pool to shut down");
    std::vector<work*> withdrawn;
    {
        std::lock_guard guard(lock_);
        closed_ = true;
        if (how.cancel_pending) withdrawn = take_pending();
        wake_all();
    }
    withdraw(withdrawn, nullptr);
    if (how.wait) threads_.join();
}

// The calls that have not begun, which the policy forgets. Under the lock.
std::vector<work*> policy_engine::take_pending() {
    std::vector<work*> all;
    const auto now = clock::now();
    for (auto i = alive_.begin(); i != alive_.end();) {
        if (i->second.call == nullptr) {
            ++i;
            continue;
        }
        rule_.leave(i->first, in_policy(now));
        --ready_;
        note(kind::leave, i->first, now);
        all.push_back(i->second.call);
        i = alive_.erase(i);
    }
    return all;
}

// Not under the lock: what waits for them is made ready.
void policy_engine::withdraw(const std::vector<work*>& all, const std::exception_ptr& why) noexcept {
    for (work* const w : all) {
        if (room_) room_->release();
        why ? w->give_up(why) : w->give_up();
    }
}

void policy_engine::break_by(const std::exception_ptr& error) noexcept {
    std::vector<work*> withdrawn;
    {
        std::lock_guard guard(lock_);
        closed_ = true;
        if (!broken_) broken_ = error;
        withdrawn = take_pending();
        wake_all();  // the others end when they have nothing to do
    }
    withdraw(withdrawn, error);
}

void policy_engine::hold() noexcept {
    std::lock_guard guard(lock_);
    ++held_;
}

void policy_engine::release() noexcept {
    std::lock_guard guard(lock_);
    if (--held_ == 0) wake_all();
}

// ---- the workers

rt::runnable* policy_engine::take(rt::worker& self) noexcept {
    auto& w = static_cast<member&>(self);
    clock_.fire();
    for (;;) {
        rt::runnable* step = nullptr;
        rt::worker* pinned_to = nullptr;
        work* failed = nullptr;
        std::exception_ptr why;
        bool begins = false;
        {
            std::lock_guard guard(lock_);
            const auto now = clock::now();
            stopped_by_itself(w, now);
            const auto id = held_ == 0 ? rule_.pick(in_policy(now)) : std::nullopt;
            if (!id) return nullptr;
            entry& e = alive_.at(*id);
            --ready_;
            begins = e.call != nullptr;
            try {
                step = &step_of(*id, e);
                if (e.fiber->pinned() && &e.fiber->home() != &w) pinned_to = &e.fiber->home();
            } catch (...) {
                why = std::current_exception();
                failed = e.call;
                end(*id, e, now);
            }
        }
        // Not under the lock: who waits for room, or for a task that has failed, is made ready.
        if (begins && room_) room_->release();
        if (failed != nullptr)
            failed->give_up(why);
        else if (pinned_to != nullptr)
            pinned_to->post(*step);
        else
            return step;
    }
}

// Begins, on a fiber, or goes on. @throws std::system_error, std::bad_alloc
rt::runnable& policy_engine::step_of(std::uint64_t id, entry& e) {
    if (e.fiber != nullptr) return e.fiber->going_on();
    if (spare_.empty()) {
        e.fiber = new policy_fiber(*this);  // it deletes itself; see policy_fiber::ended()
    } else {
        e.fiber = spare_.back();
        spare_.pop_back();
    }
    return e.fiber->begin(id, *std::exchange(e.call, nullptr));
}

// The task that it ran has not said why it stopped: so it waits.
void policy_engine::stopped_by_itself(member& w, clock::time_point now) noexcept {
    if (w.running != 0) stopped(w.running, alive_.at(w.running), stop_reason::blocked, now);
}

void policy_engine::entered(const policy_fiber& f) noexcept {
    auto& w = static_cast<member&>(f.home());
    std::lock_guard guard(lock_);
    const auto now = clock::now();
    stopped_by_itself(w, now);
    entry& e = alive_.at(f.id());
    e.on = &w;
    e.picked = now;
    w.running = f.id();
    note(kind::start, f.id(), now, w.number);
}

// A running task lets go of its worker.
void policy_engine::stopped(std::uint64_t id, entry& e, stop_reason why, clock::time_point now) noexcept {
    member& w = *std::exchange(e.on, nullptr);
    w.running = 0;
    rule_.ran(id, now - e.picked, why, in_policy(now));
    if (policy::still_ready(why)) ++ready_;
    note(kind::stop, id, now, w.number, why);
}

void policy_engine::finished(policy_fiber& f) noexcept {
    std::lock_guard guard(lock_);
    end(f.id(), alive_.at(f.id()), clock::now());
}

void policy_engine::end(std::uint64_t id, entry& e, clock::time_point now) noexcept {
    // It has no worker if there was no fiber for it.
    if (e.on != nullptr) stopped(id, e, stop_reason::finished, now);
    rule_.leave(id, in_policy(now));
    note(kind::leave, id, now);
    alive_.erase(id);
    if (closed_ && alive_.empty()) wake_all();
}

void policy_engine::rests(policy_fiber& f) noexcept {
    f.trim();
    {
        std::lock_guard guard(lock_);
        if (spare_.size() < most_spare) {
            spare_.push_back(&f);
            return;
        }
    }
    f.finish();
}

// ---- waiting and going on

void policy_engine::make_ready(rt::runnable& r) noexcept {
    const std::uint64_t id = policy_fiber::of(r).id();
    std::lock_guard guard(lock_);
    entry& e = alive_.at(id);
    const auto now = clock::now();
    // Its worker has not come to say so.
    if (e.on != nullptr) stopped(id, e, stop_reason::blocked, now);
    arrive(id, e, now);
    wake_one();
}

bool policy_engine::stop_is_due(std::uint64_t id, const entry& e, stop_reason& why) const {
    const auto now = clock::now();
    const auto used = now - e.picked;
    if (rule_.preempts(id, used, in_policy(now)))
        why = stop_reason::preempted;
    else if (rule_.slice(id, used, in_policy(now)) <= policy::duration::zero())
        why = stop_reason::expired;
    else
        return false;
    return true;
}

void policy_engine::yield(rt::fiber_task& running, bool only_if_due) noexcept {
    auto& f = static_cast<policy_fiber&>(running);
    struct request {
        policy_engine& engine;
        policy_fiber& fiber;
        stop_reason why;
    } asked{*this, f, stop_reason::yielded};
    {
        std::lock_guard guard(lock_);
        if (!stop_is_due(f.id(), alive_.at(f.id()), asked.why) && only_if_due) return;
    }
    // Not before its stack is out of use may the policy know that it can be picked.
    f.suspend(
        [](void* argument) noexcept {
            const request r = *static_cast<request*>(argument);
            policy_engine& engine = r.engine;
            std::lock_guard guard(engine.lock_);
            const std::uint64_t id = r.fiber.id();
            engine.stopped(id, engine.alive_.at(id), r.why, clock::now());
            engine.wake_one();
        },
        &asked);
}

void policy_engine::add_timer(rt::timer& t, clock::time_point when) {
    if (!clock_.add(t, when)) return;
    // Those who sleep do so until another time. Under the lock: one that is about to sleep has not read when
    // the next timer is due, or is on the list.
    std::lock_guard guard(lock_);
    wake_all();
}

rt::work_source::idle policy_engine::prepare_sleep(rt::worker& self, rt::deadline& until) noexcept {
    auto& w = static_cast<member&>(self);
    if (w.posted_to()) return idle::work;
    std::lock_guard guard(lock_);
    if (ready_ > 0 && held_ == 0) return idle::work;
    if (closed_ && alive_.empty()) return idle::stop;
    w.asleep = true;
    until = std::min(until, clock_.next());
    return idle::sleep;
}

void policy_engine::end_sleep(rt::worker& w) noexcept {
    std::lock_guard guard(lock_);
    static_cast<member&>(w).asleep = false;
}

// Under the lock, as all that follows from it is seen by who falls asleep.
void policy_engine::wake_one() noexcept {
    if (held_ > 0) return;
    for (const auto& w : workers_)
        if (std::exchange(w->asleep, false)) return w->wake();
}

void policy_engine::wake_all() noexcept {
    for (const auto& w : workers_)
        if (std::exchange(w->asleep, false)) w->wake();
}

policy_pool_base::policy_pool_base(policy::any_policy rule, policy_pool_options options)
    : engine_(std::make_unique<policy_engine>(std::move(rule), std::move(options))) {}

policy_pool_base::~policy_pool_base() = default;

policy_pool_base::pause::pause(policy_pool_base& pool) : engine_(*pool.engine_) {
    engine_.hold();
}

policy_pool_base::pause::~pause() {
    engine_.release();
}

void policy_pool_base::enqueue(work& w, const task_options& how) {
    engine_->enqueue(w, how);
}

bool policy_pool_base::try_enqueue(work& w) {
    return engine_->try_enqueue(w);
}

void policy_pool_base::shutdown(shutdown_options options) {
    engine_->stop(options);
}

bool policy_pool_base::try_shutdown(shutdown_options options) {
    return try_shut_down(*engine_, options);
}

bool policy_pool_base::shutdown_until(rt::deadline until, shutdown_options options) {
    return shut_down_until(*engine_, until, options);
}

task<void> policy_pool_base::async_shutdown(shutdown_options options) {
    return async_shut_down(*engine_, options);
}

task<bool> policy_pool_base::async_shutdown(rt::deadline until, shutdown_options options) {
    return async_shut_down_until(*engine_, until, options);
}

unsigned policy_pool_base::workers() const noexcept {
    return engine_->workers();
}

std::vector<schedule_event> policy_pool_base::trace() const {
    return engine_->trace();
}

}  // namespace heddle::inline v0::detail
