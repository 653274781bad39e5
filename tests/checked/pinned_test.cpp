// SPDX-License-Identifier: BSL-1.0
// Tasks that stay on their thread, and calls that block one, in many orders.
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/worker.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/blocking.hpp>
#include <heddle/task/pinned.hpp>
#include <heddle/task/this_task.hpp>
#include <heddle/task/thread_pool.hpp>
#include <mutex>
#include <stdexcept>

#include "checked.hpp"
#include "gate.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::gate;

TEST(checked_pinned, a_task_goes_on_on_its_thread_whoever_wakes_it) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        semaphore turns(0);
        const auto waits = pool.submit([&] {
            const pinned here;
            const rt::worker* const thread = rt::worker::current();
            turns.acquire();
            check::require(rt::worker::current() == thread);
            this_task::yield();
            check::require(rt::worker::current() == thread);
        });
        const auto wakes = pool.submit([&] { turns.release(); });
        waits.get();
        wakes.get();
    });
}

// What it waits for is made ready while its worker looks for work, falls asleep, or runs another task.
TEST(checked_pinned, it_may_hold_a_mutex_of_its_thread_over_a_wait) {
    EXPECT_CORRECT([] {
        std::mutex of_thread;
        semaphore turns(0);
        thread_pool pool(2);
        pool.post([&] {
            const pinned here;
            const std::lock_guard guard(of_thread);
            turns.acquire();
        });
        pool.post([&] { turns.release(); });
        at_once({[&] { pool.submit([] {}).get(); }});
    });
}

TEST(checked_pinned, one_that_is_cancelled_or_late_goes_on_on_its_thread) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        semaphore never(0);
        const auto f = pool.submit([&] {
            const pinned here;
            const rt::worker* const thread = rt::worker::current();
            (void)checked::cancelled_in([&] { (void)never.try_acquire_for(std::chrono::milliseconds(1)); });
            check::require(rt::worker::current() == thread);
        });
        f.request_stop();
        (void)checked::cancelled_in([&] { f.get(); });
    });
}

TEST(checked_blocking, the_worker_goes_on_with_other_tasks) {
    EXPECT_CORRECT([] {
        gate open;
        int order = 0;
        thread_pool pool(1);
        const auto id = pool.submit([&] {
            const auto task = rt::current_task().id();
            blocking([&] {
                open.pass();
                check::require(rt::current_task().id() == task);
                ++order;
            });
            return ++order;
        });
        pool.post([&] { open.open(); });
        check::require(id.get() == 2);
    });
}

TEST(checked_blocking, calls_at_the_same_time_have_a_thread_each_and_the_pool_ends_after_them) {
    EXPECT_CORRECT([] {
        int ran[2] = {0, 0};
        {
            thread_pool pool(2);
            for (int& n : ran) pool.post([&n] { blocking([&] { ++n; }); });
        }
        check::require(ran[0] == 1 && ran[1] == 1);
    });
}

TEST(checked_blocking, gives_what_it_throws_and_is_not_ended_by_a_request) {
    EXPECT_CORRECT([] {
        bool over = false;
        thread_pool pool(1);
        const auto f = pool.submit([&] {
            try {
                blocking([&] {
                    over = true;
                    throw std::domain_error("call");
                });
            } catch (const std::domain_error&) {
                return over;
            }
            return false;
        });
        f.request_stop();
        try {
            check::require(f.get());
        } catch (const cancelled&) {
            check::require(!over);  // it had not begun
        }
    });
}

}  // namespace
