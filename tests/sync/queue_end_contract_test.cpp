// SPDX-License-Identifier: BSL-1.0
// How every queue ends: task_done() and join(), shutdown, and loops over the items.
#include <gtest/gtest.h>
#include "queues.hpp"

using namespace std::chrono_literals;
using heddle::task;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::queue_status;
using sync_tests::run_coroutines;
using sync_tests::run_fibers;
using sync_tests::settle;
using sync_tests::soon;
using sync_tests::until_parked;

namespace {

template <class Kind> struct ending_queue : sync_tests::of_queue_kind<Kind> {};
TYPED_TEST_SUITE(ending_queue, sync_tests::queue_kinds);

}  // namespace

TYPED_TEST(ending_queue, QU02_join_waits_until_every_item_is_dealt_with_and_no_more) {
    typename TestFixture::ints q(4);
    EXPECT_TRUE(q.try_join());
    q.join();
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(q.put(i));
    EXPECT_FALSE(q.try_join());
    EXPECT_FALSE(q.join_for(1us));
    std::atomic<bool> joined{false};
    std::thread t([&] {
        q.join();
        joined = true;
    });
    (void)q.get();
    q.task_done();
    (void)q.get();
    EXPECT_FALSE(joined.load());
    q.task_done();
    t.join();
    EXPECT_TRUE(q.join_for(-1s));
    EXPECT_THROW(q.task_done(), heddle::invalid_state);
}

TYPED_TEST(ending_queue, QU02_items_handed_to_those_who_wait_count_as_well) {
    typename TestFixture::ints q(1);
    std::thread t([&] {
        (void)q.get();
        EXPECT_FALSE(q.try_join());
        q.task_done();
    });
    until_parked(&q, 1);
    EXPECT_TRUE(q.put(1));
    q.join();
    EXPECT_THROW(q.task_done(), heddle::invalid_state);
    t.join();
}

TYPED_TEST(ending_queue, join_is_the_same_for_fibers_and_coroutines) {
    typename TestFixture::ints q(4);
    std::vector<int> order;
    EXPECT_TRUE(q.put(1));
    run_fibers({[&] {
                    q.join();
                    order.push_back(2);
                },
                [&] {
                    order.push_back(1);
                    (void)q.get();
                    q.task_done();
                }});
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
    EXPECT_TRUE(q.put(1));
    const auto joiner = [&]() -> task<> {
        co_await q.async_join();
        order.push_back(4);
    };
    const auto main = [&]() -> task<> {
        auto f = heddle::spawn(joiner());
        co_await settle();
        order.push_back(3);
        q.task_done();
        co_await f;
        co_await q.async_join();
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TYPED_TEST(ending_queue, a_join_with_a_limit_is_the_same_for_coroutines) {
    typename TestFixture::ints q(4);
    const auto main = [&]() -> task<> {
        EXPECT_TRUE(co_await q.async_join(deadline::after(-1h)));  // nothing was put
        for (int i = 0; i < 2; ++i) EXPECT_TRUE(q.put(i));
        EXPECT_FALSE(co_await q.async_join(deadline::after(-1h)));
        EXPECT_FALSE(co_await q.async_join(soon()));
        (void)q.get();
        q.task_done();
        EXPECT_FALSE(co_await q.async_join(soon()));  // one is left
        const auto joiner = [&]() -> task<bool> { co_return co_await q.async_join(deadline::after(1h)); };
        auto joined = heddle::spawn(joiner());
        co_await settle();
        EXPECT_FALSE(joined.done());
        (void)q.get();
        q.task_done();
        EXPECT_TRUE(co_await joined);
        EXPECT_TRUE(co_await q.async_join(deadline::after(-1h)));
    };
    heddle::run(main());
}

TYPED_TEST(ending_queue, a_join_of_a_coroutine_is_no_point_of_cancellation) {
    typename TestFixture::ints q(4);
    EXPECT_TRUE(q.put(1));
    const auto joiner = [&]() -> task<bool> {
        const bool early = co_await q.async_join(soon());
        EXPECT_FALSE(early);
        co_await q.async_join();
        const bool late = co_await q.async_join(soon());
        EXPECT_TRUE(heddle::rt::current_task().stop_pending());
        co_return late;
    };
    const auto main = [&]() -> task<> {
        auto joined = heddle::spawn(joiner());
        co_await settle();
        joined.request_stop();
        co_await heddle::sleep(5ms);
        EXPECT_FALSE(joined.done());
        q.task_done();
        EXPECT_TRUE(co_await joined);
    };
    heddle::run(main());
}

TYPED_TEST(ending_queue, an_immediate_shutdown_lets_a_coroutine_through_that_joins_with_a_limit) {
    typename TestFixture::ints q(4);
    EXPECT_TRUE(q.put(1));
    const auto joiner = [&]() -> task<bool> { co_return co_await q.async_join(deadline::after(1h)); };
    const auto main = [&]() -> task<> {
        auto joined = heddle::spawn(joiner());
        co_await settle();
        q.shutdown({.immediate = true});
        EXPECT_TRUE(co_await joined);
    };
    heddle::run(main());
}

TYPED_TEST(ending_queue, QS01_after_shutdown_gets_give_what_is_left_and_then_closed) {
    typename TestFixture::ints q(4);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(q.put(i));
    EXPECT_FALSE(q.closed());
    q.shutdown();
    q.shutdown();
    EXPECT_TRUE(q.closed());
    EXPECT_EQ(q.put(3).status(), queue_status::closed);
    EXPECT_EQ(q.try_put(3).status(), queue_status::closed);
    EXPECT_EQ(q.put_for(1h, 3).status(), queue_status::closed);
    EXPECT_TRUE(q.get());
    EXPECT_TRUE(q.try_get());
    EXPECT_EQ(q.get().status(), queue_status::closed);
    EXPECT_EQ(q.try_get().status(), queue_status::closed);
    EXPECT_EQ(q.get_for(1h).status(), queue_status::closed);
    EXPECT_FALSE(q.try_join());
    q.task_done();
    q.task_done();
    q.join();
}

TYPED_TEST(ending_queue, QS02_immediate_shutdown_drops_what_is_inside_and_counts_it_as_dealt_with) {
    typename TestFixture::ints q(4);
    for (int i = 0; i < 2; ++i) EXPECT_TRUE(q.put(i));
    EXPECT_TRUE(q.get());
    q.shutdown({.immediate = true});
    EXPECT_TRUE(q.empty());
    EXPECT_EQ(q.get().status(), queue_status::closed);
    EXPECT_FALSE(q.try_join());
    std::thread t([&] { q.join(); });
    q.task_done();
    t.join();
    EXPECT_THROW(q.task_done(), heddle::invalid_state);
}

TYPED_TEST(ending_queue, QS02_AQ03_immediate_shutdown_is_the_same_for_coroutines) {
    typename TestFixture::ints q(4);
    const auto joiner = [&]() -> task<> { co_await q.async_join(); };
    const auto main = [&]() -> task<> {
        for (int i = 0; i < 2; ++i) EXPECT_TRUE(co_await q.async_put(i));
        EXPECT_TRUE(co_await q.async_get());
        auto f = heddle::spawn(joiner());
        co_await settle();
        q.shutdown({.immediate = true});
        const auto got = co_await q.async_get();
        EXPECT_EQ(got.status(), queue_status::closed);
        const auto put = co_await q.async_put(1);
        EXPECT_EQ(put.status(), queue_status::closed);
        co_await settle();
        EXPECT_FALSE(f.done());
        q.task_done();
        co_await f;
        EXPECT_THROW(q.task_done(), heddle::invalid_state);
    };
    heddle::run(main());
}

TYPED_TEST(ending_queue, QS02_immediate_shutdown_lets_those_through_who_join) {
    typename TestFixture::ints q(4);
    EXPECT_TRUE(q.put(1));
    std::thread t([&] { q.join(); });
    q.shutdown({.immediate = true});
    t.join();
}

TYPED_TEST(ending_queue, QS03_shutdown_wakes_all_getters_and_all_putters) {
    typename TestFixture::ints q(1);
    std::vector<std::thread> group;
    for (int i = 0; i < 3; ++i)
        group.emplace_back([&] { EXPECT_EQ(q.get().status(), queue_status::closed); });
    until_parked(&q, 3);
    q.shutdown();
    for (auto& t : group) t.join();
    group.clear();

    typename TestFixture::ints full(1);
    EXPECT_TRUE(full.put(1));
    for (int i = 0; i < 2; ++i)
        group.emplace_back([&] { EXPECT_EQ(full.put(2).status(), queue_status::closed); });
    until_parked(&full, 2);
    full.shutdown();
    for (auto& t : group) t.join();
    EXPECT_EQ(*full.get(), 1);
    EXPECT_EQ(full.get().status(), queue_status::closed);
}

TYPED_TEST(ending_queue, QS03_shutdown_wakes_blocked_coroutines_that_get_and_that_put) {
    typename TestFixture::ints q(1);
    int closed = 0;
    const auto get = [&]() -> task<> {
        const auto got = co_await q.async_get();
        closed += got.status() == queue_status::closed;
    };
    const auto put = [&]() -> task<> {
        const auto done = co_await q.async_put(2);
        closed += done.status() == queue_status::closed;
    };
    const auto shut = [&](typename TestFixture::ints& what, std::size_t n) -> task<> {
        co_await parked(&what, n);
        what.shutdown();
    };
    run_coroutines({get, get, get, [&] { return shut(q, 3); }});
    EXPECT_EQ(closed, 3);

    typename TestFixture::ints full(1);
    EXPECT_TRUE(full.put(1));
    const auto put_too_much = [&]() -> task<> {
        const auto done = co_await full.async_put(2);
        closed += done.status() == queue_status::closed;
    };
    run_coroutines({put_too_much, put_too_much, [&] { return shut(full, 2); }});
    EXPECT_EQ(closed, 5);
    EXPECT_EQ(*full.get(), 1);
    run_coroutines({get, put});  // and who comes later
    EXPECT_EQ(closed, 7);
}

TYPED_TEST(ending_queue, QS01_a_coroutine_that_joins_goes_on_when_what_was_left_is_dealt_with) {
    typename TestFixture::ints q(2);
    bool joined = false;
    run_coroutines({[&]() -> task<> {
                        EXPECT_TRUE(co_await q.async_put(1));
                        EXPECT_TRUE(co_await q.async_put(2));
                        const auto late = co_await q.async_put(3);
                        EXPECT_EQ(late.status(), queue_status::closed);
                    },
                    [&]() -> task<> {
                        co_await settle();
                        co_await q.async_join();
                        joined = true;
                    },
                    [&]() -> task<> {
                        co_await settle();
                        co_await settle();
                        q.shutdown();
                        for (int i = 0; i < 2; ++i) {
                            EXPECT_TRUE(co_await q.async_get());
                            co_await settle();
                            EXPECT_FALSE(joined);
                            q.task_done();
                        }
                        const auto end = co_await q.async_get();
                        EXPECT_EQ(end.status(), queue_status::closed);
                    }});
    EXPECT_TRUE(joined);
}

TYPED_TEST(ending_queue, a_loop_over_its_items_ends_when_it_is_closed_and_counts_them_off) {
    typename TestFixture::ints q(8);
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(q.put(i));
    q.shutdown();
    int sum = 0;
    for (int item : q.items()) sum += item;
    EXPECT_EQ(sum, 6);
    q.join();
    EXPECT_THROW(q.task_done(), heddle::invalid_state);
}

TYPED_TEST(ending_queue, a_loop_that_is_left_early_counts_off_its_last_item) {
    typename TestFixture::ints q(8);
    for (int i = 0; i < 3; ++i) EXPECT_TRUE(q.put(i));
    for (int item : q.items())
        if (item >= 0) break;
    EXPECT_THROW(for ([[maybe_unused]] int item : q.items()) throw std::runtime_error("left"),
                 std::runtime_error);
    EXPECT_FALSE(q.try_join());
    (void)q.get();
    q.task_done();
    EXPECT_TRUE(q.try_join());
}
