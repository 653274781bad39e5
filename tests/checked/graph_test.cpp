// SPDX-License-Identifier: BSL-1.0
// Graphs of a few tasks in many orders.
#include <atomic>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/graph.hpp>
#include <heddle/task/thread_pool.hpp>
#include <stdexcept>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::cancelled_in;

TEST(checked_graph, each_task_runs_once_after_those_before_it) {
    EXPECT_CORRECT([] {
        int a = 0;
        int b = 0;
        int c = 0;
        int d = 0;
        thread_pool pool(2);
        graph g;
        auto& first = g.add([&] { ++a; });
        auto& left = g.add([&] { b += a; }).after(first);
        auto& right = g.add([&] { c += a; }).after(first);
        g.add([&] { d += b + c; }).after(left, right);
        g.run(pool);
        check::require(a == 1 && b == 1 && c == 1 && d == 2);
        g.run(pool);
        check::require(a == 2 && b == 3 && c == 3 && d == 8);
    });
}

TEST(checked_graph, a_failure_stops_those_that_run_and_leaves_out_what_depends_on_it) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        semaphore never(0);
        int began = 0;
        int stopped = 0;
        bool after = false;
        bool thrown = false;
        graph g;
        auto& fails = g.add([] { throw std::domain_error("task"); });
        auto& waits = g.add([&] {
            ++began;
            stopped += cancelled_in([&] { never.acquire(); });
        });
        g.add([&] { after = true; }).after(fails, waits);
        try {
            g.run(pool);
        } catch (const std::domain_error&) {
            thrown = true;
        }
        // One that had not begun has been left out.
        check::require(thrown && !after && began == stopped);
    });
}

TEST(checked_graph, of_two_failures_one_comes_out_when_both_tasks_are_over) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::atomic<int> alive{0};
        int thrown = 0;
        graph g;
        for (const int i : {1, 2})
            g.add([&, i] {
                ++alive;
                const struct leaves {
                    std::atomic<int>& n;
                    ~leaves() { --n; }
                } at_end{alive};
                throw i;
            });
        try {
            g.run(pool);
        } catch (int which) {
            thrown = which;
        }
        check::require((thrown == 1 || thrown == 2) && alive == 0);
    });
}

TEST(checked_graph, a_request_to_stop_ends_it_when_what_had_begun_is_over) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        semaphore never(0);
        std::atomic<int> alive{0};
        bool last = false;
        graph g;
        auto& waits = g.add([&] {
            ++alive;
            check::require(cancelled_in([&] { never.acquire(); }));
            --alive;
            throw cancelled();
        });
        g.add([&] { last = true; }).after(waits);
        const auto f = g.submit(pool);
        f.request_stop();
        check::require(cancelled_in([&] { f.get(); }) && alive == 0 && !last);
    });
}

}  // namespace
