// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <heddle/rt/worker.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/task/join.hpp>
#include <heddle/task/policy_pool.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/wait.hpp>
#include <memory>

#include "../gate.hpp"
#include "../tasks.hpp"
#include "scenario.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::gate;

SCENARIO(future_of_a_thread) {
    promise<int> p;
    const auto f = p.get_future();
    at_once({[&] { p.set_value(1); }, [&] { check::require(f.get() == 1); }});
}

SCENARIO(future_that_is_withdrawn_as_it_is_completed) {
    promise<int> p;
    const auto f = p.get_future();
    bool set = false;
    bool withdrawn = false;
    at_once({[&] {
                 try {
                     p.set_value(1);
                     set = true;
                 } catch (const invalid_state&) {
                 }
             },
             [&] { withdrawn = f.cancel(); }});
    check::require(set != withdrawn);
}

SCENARIO(two_futures_as_they_complete) {
    promise<int> a;
    promise<int> b;
    const std::vector both{a.get_future(), b.get_future()};
    at_once({[&] { a.set_value(1); }, [&] { b.set_value(2); },
             [&] {
                 int sum = 0;
                 for (const auto& f : as_completed(both)) sum += f.get();
                 check::require(sum == 3);
             }});
}

SCENARIO(policy_pool_whose_task_waits) {
    event open;
    policy_pool pool(policy::make_policy("fcfs"), {.workers = 1});
    const auto f = pool.submit([&] { open.wait(); });
    open.set();
    f.get();
}

SCENARIO(pool_of_two_workers) {
    std::atomic<int> ran{0};
    {
        thread_pool pool(2);
        const auto f = pool.submit([&] { return ++ran; });
        check::require(f.get() == 1);
    }
    check::require(ran == 1);
}

SCENARIO(pool_of_one_worker) {
    thread_pool pool(1);
    check::require(pool.submit([] { return 7; }).get() == 7);
}

SCENARIO(pool_whose_first_task_blocks_its_worker) {
    gate second;
    thread_pool pool(2);
    pool.post([&] { second.pass(); });
    pool.post([&] { second.open(); });
}

SCENARIO(pool_that_is_shut_down_while_a_task_is_added) {
    thread_pool pool(1);
    at_once({[&] {
                 try {
                     pool.submit([] {}).get();
                 } catch (const shutdown_error&) {
                 }
             },
             [&] { pool.shutdown(); }});
}

SCENARIO(pool_whose_second_task_blocks_its_worker) {
    gate third;
    thread_pool pool(2);
    pool.post([] {});
    pool.post([&] { third.pass(); });
    pool.post([&] { third.open(); });
}

SCENARIO(pool_with_one_task_after_the_other) {
    thread_pool pool(2);
    for (int i = 0; i < 4; ++i) pool.submit([] {}).get();
}

// What runs on a worker without a fiber, as a coroutine does.
struct own_step : rt::runnable {
    explicit own_step(gate& g) noexcept
        : rt::runnable([](rt::runnable& r) noexcept { static_cast<own_step&>(r).until.pass(); }),
          until(g) {}
    gate& until;
};

SCENARIO(pool_worker_with_work_of_its_own) {
    gate second;
    own_step own(second);
    thread_pool pool(2);
    rt::worker* const w = pool.submit([] { return rt::worker::current(); }).get();
    at_once({[&] { w->post(own); },
             [&] {
                 pool.submit([] {}).get();
                 pool.submit([&] { second.open(); }).get();
             }});
}

SCENARIO(pool_that_keeps_the_time_beside_a_worker_with_work_of_its_own) {
    gate slept;
    own_step own(slept);
    thread_pool pool(2);
    rt::worker* const w = pool.submit([] { return rt::worker::current(); }).get();
    pool.post([&] {
        rt::sleep_for(std::chrono::milliseconds(1));
        slept.open();
    });
    w->post(own);
}

SCENARIO(pool_that_ends_beside_who_wakes_its_last_task) {
    promise<void> p;
    auto pool = std::make_unique<thread_pool>(1);
    const auto f = pool->submit([g = p.get_future()] { g.get(); });
    at_once({[&] { p.set_value(); }, [&] { pool.reset(); }});
}

SCENARIO(join_with_a_stolen_part) {
    thread_pool pool(2);
    run_on(pool, [] {
        event begun;
        int second = 0;
        join([&] { begun.wait(); },
             [&] {
                 begun.set();
                 second = 2;
             });
        check::require(second == 2);
    });
}

SCENARIO(loop_that_is_handed_work) {
    event_loop loop;
    event over;
    const auto main = [&]() -> task<> { co_await over.async_wait(); };
    at_once({[&] { loop.run(main()); },
             [&] {
                 check::require(loop.submit([] { return 7; }).get() == 7);
                 over.set();
             }});
}

}  // namespace
