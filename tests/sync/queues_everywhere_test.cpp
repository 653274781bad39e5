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
using sync_tests::parked;
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

TEST(queues_everywhere_by_coroutines, QU03_what_blocked_putters_bring_is_given_in_the_order_of_the_queue) {
    heddle::priority_queue<int> smallest(2);
    heddle::lifo_queue<int> last(2);
    const auto put = [](auto& q, int n) -> task<> { EXPECT_TRUE(co_await q.async_put(n)); };
    const auto three = [](auto& q, std::vector<int>& order) -> task<> {
        co_await parked(&q, 1);
        for (int i = 0; i < 3; ++i) order.push_back(*(co_await q.async_get()));
    };
    std::vector<int> by_size;
    std::vector<int> by_age;
    run_coroutines({[&] { return put(smallest, 2); }, [&] { return put(smallest, 3); },
                    [&] { return put(smallest, 1); }, [&] { return three(smallest, by_size); }});
    run_coroutines({[&] { return put(last, 2); }, [&] { return put(last, 3); }, [&] { return put(last, 4); },
                    [&] { return three(last, by_age); }});
    EXPECT_EQ(by_size, (std::vector{2, 1, 3}));
    EXPECT_EQ(by_age, (std::vector{3, 4, 2}));
}

TEST(queues_everywhere_by_coroutines, QU03_blocked_getters_are_given_what_comes_in_the_order_of_waiting) {
    heddle::priority_queue<int> q(heddle::unbounded);
    std::vector<int> got(2);
    const auto get = [&](std::size_t me) -> task<> { got[me] = *(co_await q.async_get()); };
    run_coroutines({[&] { return get(0); }, [&] { return get(1); },
                    [&]() -> task<> {
                        co_await parked(&q, 2);
                        EXPECT_TRUE(q.put(9));
                        EXPECT_TRUE(q.put(1));
                    }});
    EXPECT_EQ(got, (std::vector{9, 1}));
}
