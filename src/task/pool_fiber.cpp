// SPDX-License-Identifier: BSL-1.0
#include "pool_fiber.hpp"
#include <memory>
#include <optional>
#include <utility>
#include "pool_engine.hpp"

namespace heddle::inline v0::detail {

namespace {

// So many tasks follow each other on one fiber before the run loop gets its turn.
constexpr int run_length = 8;

}  // namespace

pool_fiber::pool_fiber(pool_engine& pool)
    : fiber_task(pool, {.stack_size = pool.options().stack_size, .name = pool.options().name + " task"}),
      pool_(pool),
      forks_(pool.take_forks()) {
    if (!pool.options().migrate) pin();
    set_forks(&forks_.context);
}

pool_fiber::~pool_fiber() {
    pool_.give_forks(forks_);
}

pool_fiber* pool_fiber::current(const pool_engine& pool) noexcept {
    fiber_task* const running = fiber_task::current();
    // Whoever is hosted by a pool is one of its fibers.
    const rt::fiber_host* const host = &pool;
    return running != nullptr && &running->host() == host ? static_cast<pool_fiber*>(running) : nullptr;
}

void pool_fiber::entering() noexcept {
    if (job_ == nullptr) return;  // see finish()
    worker().running.store(&forks_.context, std::memory_order_release);
}

void pool_fiber::body() {
    while (job_ != nullptr) {
        rt::runnable* job = job_;
        for (int n = 0; job != nullptr; ++n) {
            pool_worker::count(worker().begun);
            forks_.context.begin();
            job->run();
            pool_worker::count(worker().ended);  // perhaps another worker than the one on which it began
            job = n < run_length ? pool_.next_call(worker()) : nullptr;
        }
        set_task(nullptr);
        // Once it is in the list of its worker, and that is after its stack is no longer in use, it may be
        // given the next job.
        rest(
            [](void* self) noexcept {
                auto& f = *static_cast<pool_fiber*>(self);
                f.pool_.rests(f);
            },
            this);
    }
}

// It is going to wait. What it has forked may be what it waits for, and is nobody else's to see: so it is
// made work like any other.
void pool_fiber::leaving() noexcept {
    forks_.context.leave();
    if (!forks_.context.empty() && forks_.context.publish_all()) forks_.make_offer(worker());
}

void pool_forks::make_offer(pool_worker& by) noexcept {
    // acq_rel: who finds it queued leaves it to the one that will take it, who then sees the forks.
    if (!to_run.queued.exchange(true, std::memory_order_acq_rel)) to_run.pool.push(by, to_run);
}

void pool_forks::on_offer(rt::runnable& r) noexcept {
    auto& o = static_cast<offer&>(r);
    o.queued.exchange(false, std::memory_order_acq_rel);
    fork_slot* const slot = o.of.context.steal();
    if (o.of.context.offers()) o.of.make_offer(pool_fiber::current(o.pool)->worker());
    if (slot != nullptr) pool_fiber::run(*slot);
}

void pool_fiber::on_fork(rt::runnable& r) noexcept {
    run(*static_cast<fork_job&>(r).slot);
}

void pool_fiber::run(fork_slot& slot) noexcept {
    rt::task_context& task = *slot.task;
    const std::unique_ptr<prepared_part> prepared(std::exchange(slot.part, nullptr));
    constexpr rt::task_context* nobody = nullptr;
    std::optional<rt::task_context> plain;
    rt::task_context& part = prepared != nullptr ? prepared->context : plain.emplace(nobody);
    task.begin_part(part, &slot);
    bool threw = false;
    {
        const rt::task_scope as(&part);
        threw = slot.run(slot.frame);
        part.end_locals();  // as long as it can be asked to stop, and before its result is there
    }
    task.end_part(part);
    if (threw) slot.end = part_end::stopped;
    if (threw && part.stop_requests() == 0) {
        slot.asked = task.request_stop_by_part();
        slot.end = part_end::failed;
    }
    slot.stopped = part.stop_requests() > 0 && !part.stop_pending();
    // From here on the slot belongs to its fiber, unless that waits for us to wake it.
    if (slot.state().exchange(fork_slot::done, std::memory_order_acq_rel) == fork_slot::waited_for)
        slot.waiter->go_on_next();
}

void pool_fiber::wait_for(fork_slot& slot) noexcept {
    slot.waiter = this;
    suspend(
        [](void* waited_for) noexcept {
            auto& s = *static_cast<fork_slot*>(waited_for);
            pool_fiber* const self = s.waiter;
            std::uint32_t open = fork_slot::open;
            // release: the thief wakes a fiber whose stack is no longer in use. After it the fiber may run.
            if (!s.state().compare_exchange_strong(open, fork_slot::waited_for, std::memory_order_acq_rel))
                self->go_on_next();
        },
        &slot);
}

void pool_fiber::go_on_last() noexcept {
    pool_.put_back(step());
}

// On a worker of this pool: it is what that worker does next, so nobody is woken for it.
void pool_fiber::go_on_next() noexcept {
    auto& w = static_cast<pool_worker&>(*rt::worker::current());
    if (pinned() || w.next != nullptr)
        resume();
    else
        w.next = &step();
}

}  // namespace heddle::inline v0::detail
