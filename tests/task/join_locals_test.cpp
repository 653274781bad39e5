// SPDX-License-Identifier: BSL-1.0
// What the tasks of a pool, and the parts of a computation that others take, have of each local.
#include <gtest/gtest.h>
#include <atomic>
#include <chrono>
#include <heddle/rt/error.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/local.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/join.hpp>
#include <stdexcept>
#include <string>
#include "elsewhere.hpp"

using heddle::inheritance;
using heddle::join;
using heddle::local;
using heddle::run_on;
using heddle::thread_pool;
using task_tests::elsewhere;

namespace {

struct counts_itself {
    static inline std::atomic<int> alive{0};
    int value = 0;
    counts_itself() { ++alive; }
    explicit counts_itself(int v) : value(v) { ++alive; }
    counts_itself(const counts_itself& other) : value(other.value) { ++alive; }
    counts_itself& operator=(const counts_itself&) = default;
    ~counts_itself() { --alive; }
};

struct takes_its_time {
    int value = 0;
    takes_its_time() = default;
    takes_its_time(takes_its_time&&) = default;
    takes_its_time(const takes_its_time& other) : value(other.value) {
        heddle::rt::sleep_for(std::chrono::microseconds(200));
    }
    takes_its_time& operator=(const takes_its_time&) = default;
};

struct not_to_be_copied {
    not_to_be_copied() = default;
    not_to_be_copied(const not_to_be_copied&) { throw std::domain_error("copy"); }
    not_to_be_copied(not_to_be_copied&&) noexcept {}
    not_to_be_copied& operator=(not_to_be_copied&&) = default;
};

}  // namespace

TEST(pool_locals, a_task_begins_with_a_copy_of_what_its_submitter_has) {
    thread_pool pool(2);
    local<std::string> inherited([] { return std::string("initial"); }, inheritance::inherited);
    local<int> own;
    inherited.set("of main");
    *own = 7;
    auto child = pool.submit([&] {
        EXPECT_EQ(*inherited, "of main");
        EXPECT_FALSE(own.has_value());
        *inherited = "of the child";
        // And so on: from task to task, whichever of the workers runs them.
        pool.submit([&] { EXPECT_EQ(*inherited, "of the child"); }).get();
    });
    inherited.set("changed");
    child.get();
    EXPECT_EQ(*inherited, "changed");
    EXPECT_EQ(*own, 7);
}

TEST(pool_locals, a_task_has_nothing_of_the_one_that_ran_before_it_on_the_worker) {
    thread_pool pool({.workers = 1});
    local<int> inherited([] { return 1; }, inheritance::inherited);
    pool.submit([&] { *inherited = 2; }).get();
    pool.submit([&] { EXPECT_FALSE(inherited.has_value()); }).get();
}

TEST(pool_locals, what_the_initializer_sets_belongs_to_the_worker) {
    local<int> inherited([] { return 1; }, inheritance::inherited);
    thread_pool pool({.workers = 2, .initializer = [&] { *inherited = 5; }});
    run_on(pool, [&] {
        EXPECT_FALSE(inherited.has_value());
        elsewhere e;
        join([&] { e.first(); },
             [&] {
                 EXPECT_FALSE(inherited.has_value());
                 e.second();
             });
    });
}

TEST(join_locals, a_part_that_runs_elsewhere_begins_with_a_copy_of_what_its_task_has) {
    thread_pool pool(2);
    local<counts_itself> inherited([] { return counts_itself(); }, inheritance::inherited);
    local<int> own;
    run_on(pool, [&] {
        inherited->value = 3;
        *own = 1;
        elsewhere e;
        join(
            [&] {
                e.first();
                inherited->value = 4;
            },
            [&] {
                EXPECT_EQ(inherited->value, 3);
                EXPECT_FALSE(own.has_value());
                inherited->value = 5;
                e.second();
            });
        EXPECT_EQ(inherited->value, 4);
        EXPECT_EQ(counts_itself::alive, 1) << "the values of a part are gone when join() returns";
    });
    EXPECT_EQ(counts_itself::alive, 0);
}

TEST(join_locals, a_part_that_nobody_has_taken_has_the_values_of_its_task) {
    thread_pool pool(1);
    local<counts_itself> inherited([] { return counts_itself(); }, inheritance::inherited);
    run_on(pool, [&] {
        inherited->value = 3;
        const auto id = heddle::rt::current_task().id();
        bool ran = false;
        join(
            // A wait that is over at once: the second part is handed out, with a copy, and taken back before
            // the one worker there is comes to it.
            [&] {
                const int here = 0;
                heddle::rt::park(&here, [] { return false; });
                inherited->value = 4;
            },
            [&] {
                ran = true;
                EXPECT_EQ(heddle::rt::current_task().id(), id);
                EXPECT_EQ(inherited->value, 4);
            });
        EXPECT_TRUE(ran);
        EXPECT_EQ(counts_itself::alive, 1);
    });
    EXPECT_EQ(counts_itself::alive, 0);
}

TEST(join_locals, copying_what_a_part_inherits_may_wait) {
    thread_pool pool(2);
    local<takes_its_time> inherited([] { return takes_its_time(); }, inheritance::inherited);
    run_on(pool, [&] {
        inherited->value = 3;
        elsewhere e;
        join([&] { e.first(); },
             [&] {
                 EXPECT_EQ(inherited->value, 3);
                 e.second();
             });
        // The wait that hands the part out can be ended as any other.
        heddle::semaphore never(0);
        heddle::event waits;
        const auto stopped = [&] {
            waits.set();
            EXPECT_THROW(never.acquire(), heddle::cancelled);
            throw std::domain_error("stopped");
        };
        auto child = pool.submit([&] { join(stopped, [] {}); });
        waits.wait();
        child.request_stop();
        EXPECT_THROW(child.get(), std::domain_error);
    });
}

TEST(join_locals, a_part_whose_values_cannot_be_copied_stays_with_its_task) {
    thread_pool pool(2);
    local<not_to_be_copied> inherited([] { return not_to_be_copied(); }, inheritance::inherited);
    run_on(pool, [&] {
        *inherited;
        const auto id = heddle::rt::current_task().id();
        bool ran = false;
        join([] { heddle::rt::sleep_for(std::chrono::milliseconds(1)); },
             [&] {
                 ran = true;
                 EXPECT_EQ(heddle::rt::current_task().id(), id);
             });
        EXPECT_TRUE(ran);
    });
}
