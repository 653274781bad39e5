// SPDX-License-Identifier: BSL-1.0
// Groups whose children fail, in many orders.
#include <atomic>
#include <exception>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/task_group.hpp>
#include <heddle/task/thread_pool.hpp>
#include <stdexcept>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::cancelled_in;

int number_of(const std::exception_ptr& e) {
    try {
        std::rethrow_exception(e);
    } catch (int n) {
        return n;
    } catch (...) {
        return 0;
    }
}

TEST(checked_group, AT01_the_failure_that_came_first_is_thrown_when_all_children_are_over) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::atomic<int> told{0};
        std::atomic<int> began{0};
        int thrown = 0;
        task_group group(pool, task_group_options(true, [&](std::exception_ptr) { ++told; }));
        for (const int i : {1, 2})
            group.spawn([&, i] {
                ++began;
                throw i;
            });
        try {
            group.join();
        } catch (int which) {
            thrown = which;
        }
        // One that had not begun when the other failed is left out, and that is no failure.
        const auto failures = group.failures();
        check::require(group.alive() == 0 && told == began &&
                       failures.size() == static_cast<std::size_t>(began));
        check::require(!failures.empty() && thrown == number_of(failures.front()));
        if (began == 2) check::require(number_of(failures[0]) + number_of(failures[1]) == 3);
    });
}

TEST(checked_group, one_in_which_a_failure_stops_nobody_lets_the_others_end) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        semaphore turns(0);
        int ran = 0;
        bool thrown = false;
        {
            task_group group(pool, task_group_options(false));
            group.spawn([&] {
                turns.acquire();
                ++ran;
            });
            group.spawn([&] {
                turns.release();
                throw std::domain_error("child");
            });
            try {
                group.join();
            } catch (const std::domain_error&) {
                thrown = true;
            }
        }
        check::require(thrown && ran == 1);
    });
}

TEST(checked_group, one_that_goes_without_a_join_stops_its_children_and_waits_for_them) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        semaphore never(0);
        std::atomic<int> alive{0};
        {
            task_group group(pool);
            for (int i = 0; i < 2; ++i)
                group.spawn([&] {
                    ++alive;
                    check::require(cancelled_in([&] { never.acquire(); }));
                    --alive;
                });
        }
        check::require(alive == 0);
    });
}

TEST(checked_group, children_that_are_added_as_one_fails_are_refused_stopped_or_over) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::atomic<int> began{0};
        std::atomic<int> ended{0};
        semaphore never(0);
        bool thrown = false;
        task_group group(pool);
        group.spawn([] { throw std::domain_error("child"); });
        group.spawn([&] {
            // In the group when the failure came, and asked to stop; or it comes after it, and is on its own.
            group.spawn([&] {
                ++began;
                (void)cancelled_in([&] { (void)never.try_acquire_for(std::chrono::milliseconds(1)); });
                ++ended;
            });
        });
        try {
            group.join();
        } catch (const std::domain_error&) {
            thrown = true;
        }
        check::require(thrown && began == ended && group.alive() == 0);
    });
}

}  // namespace
