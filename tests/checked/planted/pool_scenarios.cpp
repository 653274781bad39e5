// SPDX-License-Identifier: BSL-1.0
// Pools with a bound, that end beside tasks that wait, with tasks that stay on a thread or block one.
#include <atomic>
#include <heddle/rt/worker.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/blocking.hpp>
#include <heddle/task/pinned.hpp>
#include <heddle/task/thread_pool.hpp>

#include "scenario.hpp"

namespace {

using namespace heddle;
using checked::at_once;

SCENARIO(pool_with_room_for_one_task) {
    std::atomic<int> ran{0};
    {
        thread_pool pool({.workers = 1, .capacity = 1});
        for (int i = 0; i < 3; ++i) pool.post([&] { ++ran; });
    }
    check::require(ran == 3);
}

SCENARIO(pool_with_room_for_one_task_that_ends) {
    std::atomic<int> ran{0};
    std::atomic<int> taken{0};
    {
        thread_pool pool({.workers = 1, .capacity = 1});
        const auto submit = [&] {
            try {
                pool.post([&] { ++ran; });
                ++taken;
            } catch (const shutdown_error&) {
            }
        };
        at_once({submit, submit, [&] { pool.shutdown({.wait = false}); }});
    }
    check::require(ran == taken);
}

SCENARIO(pool_that_ends_as_a_task_that_waits_is_woken) {
    event begun;
    semaphore turns(0);
    bool over = false;
    {
        thread_pool pool(1);
        pool.post([&] {
            begun.set();
            turns.acquire();
            over = true;
        });
        begun.wait();
        at_once({[&] { turns.release(); }, [&] { pool.shutdown({.wait = true, .cancel_pending = true}); }});
    }
    check::require(over);
}

SCENARIO(pool_whose_pinned_task_is_woken) {
    thread_pool pool(2);
    semaphore turns(0);
    const auto waits = pool.submit([&] {
        const pinned here;
        const rt::worker* const thread = rt::worker::current();
        turns.acquire();
        check::require(rt::worker::current() == thread);
    });
    pool.submit([&] { turns.release(); }).get();
    waits.get();
}

SCENARIO(pool_that_lends_a_thread) {
    int ran = 0;
    thread_pool pool(1);
    pool.submit([&] {
            blocking([&] { ++ran; });
            blocking([&] { ++ran; });
            check::require(ran == 2);
        })
        .get();
}

}  // namespace
