// SPDX-License-Identifier: BSL-1.0
// Queues, by threads, by fibers and by coroutines.
#include <heddle/sync/latch.hpp>
#include <numeric>
#include "everywhere.hpp"
#include "queues.hpp"

using heddle::queue_status;
using namespace std::chrono_literals;
using heddle::task;
using sync_tests::deadline;
using sync_tests::run_coroutines;
using sync_tests::soon;

using queues_everywhere = sync_tests::everywhere;
INSTANTIATE_TEST_SUITE_P(by, queues_everywhere, sync_tests::ways, sync_tests::name_of);

TEST_P(queues_everywhere, QU01_says_full_and_empty_and_gives_up_at_its_deadline) {
    heddle::queue<int> q(1);
    run({[&] {
        EXPECT_EQ(q.get_for(1us).status(), queue_status::timed_out);
        EXPECT_TRUE(q.put(1));
        EXPECT_EQ(q.try_put(2).status(), queue_status::full);
        EXPECT_EQ(q.put_for(1us, 2).status(), queue_status::timed_out);
        EXPECT_EQ(q.put_for(-1h, 2).status(), queue_status::timed_out);
        EXPECT_EQ(*q.get_for(-1h), 1);
    }});
}

TEST_P(queues_everywhere, QU02_join_waits_until_everything_is_dealt_with) {
    heddle::queue<int> q(heddle::unbounded);
    std::atomic<int> done{0};
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(q.put(i));
    const auto work = [&] {
        for (int i = 0; i < 2; ++i) {
            (void)*q.get();
            heddle::rt::sleep_for(50us);
            ++done;
            q.task_done();
        }
    };
    run({work, work, [&] {
             q.join();
             EXPECT_EQ(done, 4);
         }});
    EXPECT_THROW(q.task_done(), heddle::error);
}

TEST_P(queues_everywhere, QU02_a_join_with_a_limit_says_whether_everything_is_dealt_with) {
    heddle::queue<int> q(heddle::unbounded);
    std::atomic<bool> looked{false};
    run({[&] {
             EXPECT_TRUE(q.put(1));
             EXPECT_FALSE(q.join_for(-1h));
             EXPECT_FALSE(q.join_until(soon()));
             looked = true;
             EXPECT_TRUE(q.join_for(1h));
         },
         [&] {
             until([&] { return looked.load(); });
             (void)*q.get();
             q.task_done();
         }});
}

TEST_P(queues_everywhere, QU03_the_smallest_and_the_last_come_first) {
    heddle::priority_queue<int> smallest(heddle::unbounded);
    heddle::lifo_queue<int> last(heddle::unbounded);
    run({[&] {
        for (const int i : {2, 1, 3}) {
            EXPECT_TRUE(smallest.put(i));
            EXPECT_TRUE(last.put(i));
        }
    }});
    EXPECT_EQ(*smallest.get(), 1);
    EXPECT_EQ(*last.get(), 3);
}

TEST_P(queues_everywhere, QS01_what_is_inside_is_got_after_a_shutdown) {
    heddle::queue<int> q(4);
    run({[&] {
        EXPECT_TRUE(q.put(1));
        q.shutdown();
        EXPECT_EQ(q.put(2).status(), queue_status::closed);
        EXPECT_EQ(*q.get(), 1);
        EXPECT_EQ(q.get().status(), queue_status::closed);
        q.task_done();
        q.join();
    }});
}

TEST_P(queues_everywhere, QS02_an_immediate_shutdown_leaves_what_was_got_to_be_dealt_with) {
    heddle::queue<int> q(4);
    EXPECT_TRUE(q.put(1));
    EXPECT_TRUE(q.put(2));
    (void)*q.get();
    std::atomic<bool> joined{false};
    run({[&] {
             q.join();
             joined = true;
         },
         [&] {
             q.shutdown({.immediate = true});
             EXPECT_EQ(q.size(), 0U);
             heddle::rt::sleep_for(1ms);
             EXPECT_FALSE(joined);
             q.task_done();
         }});
    EXPECT_TRUE(joined);
    EXPECT_THROW(q.task_done(), heddle::error);
}

TEST_P(queues_everywhere, QS03_shutdown_wakes_all_who_wait) {
    heddle::queue<int> empty(1);
    run(3, &empty, [&] { EXPECT_EQ(empty.get().status(), queue_status::closed); }, [&] { empty.shutdown(); });
    heddle::queue<int> full(1);
    EXPECT_TRUE(full.put(1));
    run(2, &full, [&] { EXPECT_EQ(full.put(2).status(), queue_status::closed); }, [&] { full.shutdown(); });
    EXPECT_EQ(*full.get(), 1);
}

// ---- by coroutines of one loop

TEST(queues_everywhere_by_coroutines,
     QU01_QU02_queues_give_up_at_their_deadline_and_join_waits_for_what_is_dealt_with) {
    heddle::queue<int> q(1);
    heddle::latch full(1);
    int done = 0;
    run_coroutines({[&]() -> task<> {
                        EXPECT_EQ((co_await q.async_get(soon())).status(), queue_status::timed_out);
                        EXPECT_TRUE(co_await q.async_put(1));
                        EXPECT_EQ((co_await q.async_put(soon(), 2)).status(), queue_status::timed_out);
                        EXPECT_FALSE(co_await q.async_join(soon()));
                        full.count_down();
                        EXPECT_TRUE(co_await q.async_join(deadline::after(1h)));
                        EXPECT_EQ(done, 1);
                        EXPECT_THROW(q.task_done(), heddle::error);
                    },
                    [&]() -> task<> {
                        co_await full.async_wait();
                        EXPECT_EQ(*(co_await q.async_get()), 1);
                        co_await heddle::sleep(5ms);
                        ++done;
                        q.task_done();
                    }});
}
