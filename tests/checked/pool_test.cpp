// SPDX-License-Identifier: BSL-1.0
// Pools, forks and groups, in many orders: where a task goes on, who steals what, who wakes whom.
#include <atomic>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/join.hpp>
#include <heddle/task/parallel.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/task_group.hpp>
#include <heddle/task/thread_pool.hpp>
#include <memory>
#include <stdexcept>
#include <vector>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::cancelled_in;

TEST(checked_pool, work_from_outside_and_inside_is_all_run) {
    EXPECT_CORRECT([] {
        std::atomic<int> ran{0};
        {
            thread_pool pool(2);
            at_once({[&] {
                         pool.submit([&] {
                                 pool.post([&] { ++ran; });
                                 ++ran;
                             })
                             .get();  // so that it has added the other before the pool is closed
                     },
                     [&] { check::require(pool.submit([&] { return ++ran; }).get() > 0); }});
        }
        check::require(ran == 3);
    });
}

TEST(checked_pool, a_task_that_waits_goes_on_wherever_it_is_woken) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        semaphore turns(0);
        auto waits = pool.submit([&] { turns.acquire(); });
        auto wakes = pool.submit([&] { turns.release(); });
        waits.get();
        wakes.get();
    });
}

TEST(checked_pool, tasks_of_one_worker_that_wait_for_each_other_do_not_stand_still) {
    EXPECT_CORRECT([] {
        thread_pool pool(1);
        const int sum = pool.submit([&] {
                                auto a = pool.submit([] { return 1; });
                                auto b = pool.submit([&] { return a.get() + 1; });
                                return b.get() + a.get();
                            })
                            .get();
        check::require(sum == 3);
    });
}

TEST(checked_pool, EX04_what_is_withdrawn_at_the_end_has_not_run_and_the_rest_has) {
    EXPECT_CORRECT([] {
        std::atomic<int> ran{0};
        int withdrawn = 0;
        thread_pool pool(1);
        std::vector<future<int>> all;
        for (int i = 0; i < 2; ++i) all.push_back(pool.submit([&] { return ++ran; }));
        pool.shutdown({.wait = true, .cancel_pending = true});
        for (const auto& f : all) withdrawn += cancelled_in([&] { f.get(); });
        check::require(ran + withdrawn == 2);
    });
}

TEST(checked_pool, a_time_limit_and_a_wake_up_meet_at_a_suspended_task) {
    EXPECT_CORRECT([] {
        semaphore s(0);
        bool got = false;
        {
            thread_pool pool(2);
            pool.post([&] { got = s.try_acquire_for(std::chrono::milliseconds(1)); });
            pool.post([&] { s.release(); });
        }
        check::require(got != s.try_acquire());
    });
}

TEST(checked_pool, it_may_end_as_soon_as_its_last_task_has_whoever_woke_or_added_that) {
    EXPECT_CORRECT([] {
        promise<int> p;
        auto pool = std::make_unique<thread_pool>(1);
        const auto last = p.get_future().then(*pool, [](future<int> f) { return f.get() + 1; });
        const auto waits = pool->submit([g = p.get_future()] { g.get(); });
        at_once({[&] { p.set_value(1); },
                 [&] {
                     check::require(last.get() == 2);
                     pool.reset();
                 }});
    });
}

TEST(checked_pool, the_future_of_then_can_be_waited_for_in_a_task_as_it_is_queued) {
    EXPECT_CORRECT([] {
        thread_pool pool(1);
        promise<int> p;
        const auto f = p.get_future().then(pool, [](future<int> g) { return g.get() + 1; });
        at_once({[&] { p.set_value(1); },
                 [&] { check::require(pool.submit([f] { return f.get(); }).get() == 2); }});
    });
}

TEST(checked_join, both_parts_are_over_and_their_results_there) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        const auto sum = [](auto self, int depth) -> int {
            if (depth == 0) return 1;
            const auto [a, b] =
                join([&] { return self(self, depth - 1); }, [&] { return self(self, depth - 1); });
            return a + b;
        };
        check::require(run_on(pool, [&] { return sum(sum, 3); }) == 8);
    });
}

// That it is explored at all: a fork is published though nobody has asked, is stolen, or is taken back.
TEST(checked_join, the_second_part_runs_beside_the_first_in_some_order_and_after_it_in_others) {
    const auto beside = [](bool expected) {
        thread_pool pool(2);
        run_on(pool, [&] {
            std::atomic<bool> first{false};
            std::atomic<int> steps{0};  // time enough for the other to come
            bool seen = false;
            join(
                [&] {
                    first = true;
                    while (++steps < 50) {
                    }
                    first = false;
                },
                [&] { seen = first; });
            check::require(seen == expected);
        });
    };
    EXPECT_FOUND("requirement", [&] { beside(false); });
    EXPECT_FOUND("requirement", [&] { beside(true); });
}

TEST(checked_join, a_part_that_waits_for_the_other_gets_what_it_waits_for) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        run_on(pool, [] {
            event a;
            event b;
            join([&] { a.wait(); }, [&] { join([&] { b.wait(); }, [&] { a.set(), b.set(); }); });
        });
    });
}

TEST(checked_join, a_stolen_part_that_fails_ends_the_wait_of_the_first_and_comes_out) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        const bool thrown = run_on(pool, [] {
            try {
                semaphore never(0);
                join([&] { never.acquire(); }, [] { throw std::domain_error("second"); });
            } catch (const std::domain_error&) {
                return rt::current_task().stop_requests() == 0;
            }
            return false;
        });
        check::require(thrown);
    });
}

TEST(checked_join, a_part_does_not_outlive_the_other_that_throws) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        run_on(pool, [] {
            std::atomic<bool> inside{false};
            try {
                event begun;
                semaphore never(0);
                join(
                    [&] {
                        begun.wait();
                        throw std::domain_error("first");
                    },
                    [&] {
                        inside = true;
                        begun.set();
                        check::require(cancelled_in([&] { never.acquire(); }));
                        inside = false;
                    });
                check::require(false);
            } catch (const std::domain_error&) {
            }
            check::require(!inside);
        });
    });
}

TEST(checked_join, a_request_to_stop_reaches_a_stolen_part) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        event both;
        const auto f = pool.submit([&] {
            semaphore never(0);
            join([&] { never.acquire(); },
                 [&] {
                     both.set();
                     never.acquire();
                 });
        });
        at_once({[&] {
                     both.wait();
                     f.request_stop();
                 },
                 [&] { check::require(cancelled_in([&] { f.get(); })); }});
    });
}

TEST(checked_group, AT01_a_failing_child_stops_those_that_are_alive_whenever_they_began) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        semaphore never(0);
        std::atomic<int> stopped{0};
        bool thrown = false;
        try {
            task_group group(pool);
            group.spawn([&] { stopped += cancelled_in([&] { never.acquire(); }); });
            group.spawn([] { throw std::domain_error("child"); });
            group.join();
        } catch (const std::domain_error&) {
            thrown = true;
        }
        check::require(thrown && stopped == 1);
    });
}

TEST(checked_group, AT02_a_request_and_the_end_of_the_children_meet) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::atomic<int> ended{0};
        semaphore permits(0);
        task_group group(pool);
        group.spawn([&] {
            cancelled_in([&] { permits.acquire(); });
            ++ended;
        });
        at_once({[&] { permits.release(); }, [&] { group.request_stop(); },
                 [&] {
                     group.join();
                     check::require(ended == 1 && group.alive() == 0);
                 }});
    });
}

TEST(checked_group, a_child_may_add_others_while_the_group_is_joined) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::atomic<int> ran{0};
        task_group group(pool);
        group.spawn([&] {
            group.spawn([&] { ++ran; });
            ++ran;
        });
        group.join();
        check::require(ran == 2);
    });
}

}  // namespace
