// SPDX-License-Identifier: BSL-1.0
// What every queue does, whatever comes out first.
#include <gtest/gtest.h>
#include <set>
#include "queues.hpp"

using namespace std::chrono_literals;
using heddle::task;
using heddle::rt::clock;
using heddle::rt::parking_lot;
using sync_tests::awkward;
using sync_tests::counted;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::queue_status;
using sync_tests::run_fibers;
using sync_tests::settle;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

namespace {

template <class Kind> struct any_queue : sync_tests::of_queue_kind<Kind> {};
TYPED_TEST_SUITE(any_queue, sync_tests::queue_kinds);

template <class Q> task<> get_and_note(Q& q, int who, std::vector<std::pair<int, int>>& got) {
    auto item = co_await q.async_get();
    got.emplace_back(who, item ? *item : -1);
}

template <class Q> task<> put_and_note(Q& q, int item, std::vector<int>& done) {
    const auto put = co_await q.async_put(item);
    if (put) done.push_back(item);
}

}  // namespace

TYPED_TEST(any_queue, QU01_a_queue_without_room_says_full_and_one_without_items_says_empty) {
    typename TestFixture::ints q(2);
    EXPECT_EQ(q.try_get().status(), queue_status::empty);
    EXPECT_EQ(q.get_for(1us).status(), queue_status::timed_out);
    EXPECT_TRUE(q.put(1));
    EXPECT_TRUE(q.try_put(2));
    EXPECT_TRUE(q.full());
    EXPECT_EQ(q.try_put(3).status(), queue_status::full);
    const auto when = clock::now() + 2ms;
    EXPECT_EQ(q.put_until(when, 3).status(), queue_status::timed_out);
    EXPECT_GE(clock::now(), when);
    EXPECT_EQ(q.size(), 2U);
    EXPECT_EQ(parking_lot::count(&q), 0U);
}

TYPED_TEST(any_queue, QU01_a_negative_limit_means_to_try_once) {
    typename TestFixture::ints q(1);
    EXPECT_EQ(q.get_for(-1h).status(), queue_status::timed_out);
    EXPECT_TRUE(q.put_for(-1h, 7));
    EXPECT_EQ(q.put_for(-1h, 8).status(), queue_status::timed_out);
    EXPECT_EQ(*q.get_for(-1h), 7);
}

TYPED_TEST(any_queue, of_capacity_0_is_an_error) {
    EXPECT_THROW(typename TestFixture::ints(0), std::invalid_argument);
}

TYPED_TEST(any_queue, gives_back_what_was_put_once_each) {
    typename TestFixture::ints q(100);
    std::multiset<int> in;
    std::multiset<int> out;
    for (int i = 0; i < 100; ++i) {
        EXPECT_TRUE(q.put(i * 7 % 100));
        in.insert(i * 7 % 100);
    }
    while (auto item = q.try_get()) out.insert(*item);
    EXPECT_EQ(in, out);
    EXPECT_TRUE(q.empty());
}

TYPED_TEST(any_queue, grows_without_limit_if_it_is_to) {
    typename TestFixture::ints q(heddle::unbounded);
    EXPECT_EQ(q.capacity(), heddle::unbounded);
    constexpr int n = 10'000;
    for (int i = 0; i < n; ++i) EXPECT_TRUE(q.try_put(i));
    EXPECT_FALSE(q.full());
    EXPECT_EQ(q.size(), static_cast<std::size_t>(n));
    std::set<int> out;
    while (auto item = q.try_get()) out.insert(*item);
    EXPECT_EQ(out.size(), static_cast<std::size_t>(n));
}

TYPED_TEST(any_queue, carries_items_that_can_only_be_moved_and_leaves_those_it_does_not_take) {
    typename TestFixture::pointers q(1);
    EXPECT_TRUE(q.put(std::make_unique<int>(1)));
    auto mine = std::make_unique<int>(2);
    EXPECT_FALSE(q.try_put(std::move(mine)));
    EXPECT_FALSE(q.put_for(1us, std::move(mine)));
    EXPECT_FALSE(q.put_until(deadline::after(-1s), std::move(mine)));
    q.shutdown();
    EXPECT_FALSE(q.try_put(std::move(mine)));
    ASSERT_NE(mine, nullptr);  // NOLINT: this is the test
    auto got = q.get();
    EXPECT_EQ(**got, 1);
    EXPECT_EQ(*std::move(got).value(), 1);
}

TYPED_TEST(any_queue, value_of_a_get_that_got_nothing_is_an_error) {
    typename TestFixture::ints q(1);
    EXPECT_THROW(q.try_get().value(), heddle::invalid_state);
}

TYPED_TEST(any_queue, destroys_what_is_left_inside) {
    ASSERT_EQ(counted::alive.load(), 0);
    {
        typename TestFixture::counts q(4);
        for (int i = 0; i < 3; ++i) EXPECT_TRUE(q.put(counted(i)));
        (void)q.get();
        EXPECT_EQ(counted::alive.load(), 2);
    }
    EXPECT_EQ(counted::alive.load(), 0);
}

TYPED_TEST(any_queue, a_getter_waits_for_an_item) {
    typename TestFixture::ints q(1);
    int got = 0;
    std::thread t([&] { got = *q.get(); });
    until_parked(&q, 1);
    EXPECT_TRUE(q.put(5));
    t.join();
    EXPECT_EQ(got, 5);
    EXPECT_TRUE(q.empty());
}

TYPED_TEST(any_queue, a_putter_waits_for_room) {
    typename TestFixture::ints q(1);
    EXPECT_TRUE(q.put(1));
    std::thread t([&] { EXPECT_TRUE(q.put(2)); });
    until_parked(&q, 1);
    EXPECT_EQ(*q.get(), 1);
    t.join();
    EXPECT_EQ(*q.get(), 2);
}

TYPED_TEST(any_queue, serves_fibers_in_the_order_of_waiting) {
    typename TestFixture::ints q(1);
    std::vector<std::pair<int, int>> got;
    std::vector<int> put;
    const auto getter = [&](int who) { return [&q, &got, who] { got.emplace_back(who, *q.get()); }; };
    run_fibers({getter(0), getter(1), getter(2), [&] {
                    for (int i = 10; i < 13; ++i) EXPECT_TRUE(q.put(i));
                }});
    EXPECT_EQ(got, (std::vector<std::pair<int, int>>{{0, 10}, {1, 11}, {2, 12}}));
    const auto putter = [&](int item) {
        return [&q, &put, item] {
            EXPECT_TRUE(q.put(item));
            put.push_back(item);
        };
    };
    EXPECT_TRUE(q.put(0));
    std::vector<int> order;
    run_fibers({putter(1), putter(2), [&] {
                    for (int i = 0; i < 3; ++i) order.push_back(*q.get());
                }});
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(put, (std::vector<int>{1, 2}));
}

TYPED_TEST(any_queue, serves_coroutines_in_the_order_of_waiting) {
    typename TestFixture::ints q(1);
    std::vector<std::pair<int, int>> got;
    std::vector<int> put;
    const auto main = [&]() -> task<> {
        std::vector<heddle::future<>> all;
        for (int i = 0; i < 3; ++i) {
            all.push_back(heddle::spawn(get_and_note(q, i, got)));
            co_await parked(&q, static_cast<std::size_t>(i + 1));
        }
        for (int i = 10; i < 13; ++i) EXPECT_TRUE(q.try_put(i));
        EXPECT_EQ(q.try_get().status(), queue_status::empty);  // they are for those who wait
        for (auto& f : all) co_await f;
        all.clear();
        EXPECT_TRUE(co_await q.async_put(0));
        for (int i = 1; i <= 2; ++i) {
            all.push_back(heddle::spawn(put_and_note(q, i, put)));
            co_await parked(&q, static_cast<std::size_t>(i));
        }
        for (int i = 0; i < 3; ++i) EXPECT_EQ(*co_await q.async_get(), i);
        for (auto& f : all) co_await f;
    };
    heddle::run(main());
    EXPECT_EQ(got, (std::vector<std::pair<int, int>>{{0, 10}, {1, 11}, {2, 12}}));
    EXPECT_EQ(put, (std::vector<int>{1, 2}));
}

TYPED_TEST(any_queue, gives_up_at_the_deadline_of_a_coroutine) {
    typename TestFixture::pointers q(1);
    const auto main = [&]() -> task<> {
        const auto got = co_await q.async_get(deadline::after(1us));
        EXPECT_EQ(got.status(), queue_status::timed_out);
        EXPECT_TRUE(co_await q.async_put(std::make_unique<int>(1)));
        auto mine = std::make_unique<int>(2);
        const auto r = co_await q.async_put(deadline::after(1us), std::move(mine));
        EXPECT_EQ(r.status(), queue_status::timed_out);
        EXPECT_NE(mine, nullptr);  // NOLINT: this is the test
    };
    heddle::run(main());
    EXPECT_EQ(q.size(), 1U);
}

TYPED_TEST(any_queue, joins_threads_to_coroutines) {
    typename TestFixture::ints there(2);
    typename TestFixture::ints back(2);
    constexpr int rounds = 100;
    const auto main = [&]() -> task<> {
        for (int i = 0; i < rounds; ++i)
            EXPECT_TRUE(co_await back.async_put(*co_await there.async_get() + 1));
    };
    std::thread t([&] {
        for (int i = 0; i < rounds; ++i) {
            EXPECT_TRUE(there.put(i));
            EXPECT_EQ(*back.get(), i + 1);
        }
    });
    heddle::run(main());
    t.join();
}

TYPED_TEST(any_queue, X2_who_is_asked_to_stop_gets_cancelled_and_has_put_and_taken_nothing) {
    typename TestFixture::ints q(1);
    stoppable_thread getter([&] { EXPECT_THROW((void)q.get(), heddle::cancelled); });
    until_parked(&q, 1);
    getter.request_stop();
    getter.join();
    EXPECT_TRUE(q.put(1));
    EXPECT_EQ(q.size(), 1U);
    stoppable_thread putter([&] { EXPECT_THROW((void)q.put(2), heddle::cancelled); });
    until_parked(&q, 1);
    putter.request_stop();
    putter.join();
    EXPECT_EQ(*q.get(), 1);
    EXPECT_TRUE(q.empty());
}

// Cancelled first, it does not get the item; handed the item first, it keeps it, and the request stays.
TYPED_TEST(any_queue, AQ01_the_item_on_its_way_to_a_cancelled_getter_goes_to_the_next) {
    typename TestFixture::ints q(1);
    std::vector<std::pair<int, int>> got;
    const auto main = [&]() -> task<> {
        std::vector<heddle::future<>> all;
        for (int i = 0; i < 3; ++i) {
            all.push_back(heddle::spawn(get_and_note(q, i, got)));
            co_await parked(&q, static_cast<std::size_t>(i + 1));
        }
        all[0].request_stop();
        EXPECT_TRUE(q.try_put(10));
        EXPECT_TRUE(q.try_put(11));
        all[2].request_stop();
        co_await all[1];
        co_await all[2];
        EXPECT_THROW(all[0].get(), heddle::cancelled);
    };
    heddle::run(main());
    EXPECT_EQ(got, (std::vector<std::pair<int, int>>{{1, 10}, {2, 11}}));
    EXPECT_TRUE(q.empty());
}

TYPED_TEST(any_queue, AQ02_a_cancelled_putter_leaves_no_hole_and_the_order_of_the_others) {
    typename TestFixture::ints q(1);
    std::vector<int> put;
    const auto main = [&]() -> task<> {
        EXPECT_TRUE(q.try_put(-1));
        std::vector<heddle::future<>> all;
        for (int i = 0; i < 3; ++i) {
            all.push_back(heddle::spawn(put_and_note(q, i, put)));
            co_await parked(&q, static_cast<std::size_t>(i + 1));
        }
        all[1].request_stop();
        EXPECT_EQ(*q.try_get(), -1);
        EXPECT_EQ(*q.try_get(), 0);
        EXPECT_EQ(*q.try_get(), 2);
        EXPECT_TRUE(q.empty());
        co_await settle();
        EXPECT_THROW(all[1].get(), heddle::cancelled);
        EXPECT_TRUE(q.try_put(3));
        EXPECT_FALSE(q.try_put(4));
    };
    heddle::run(main());
    EXPECT_EQ(put, (std::vector<int>{0, 2}));
}

TYPED_TEST(any_queue, X1_is_as_before_when_making_or_moving_an_item_throws) {
    typename TestFixture::awkwards q(2);
    const awkward item(2);
    EXPECT_TRUE(q.put(awkward(1)));
    awkward::throws = true;
    EXPECT_THROW((void)q.try_put(item), std::runtime_error);
    EXPECT_THROW((void)q.put(awkward(3)), std::runtime_error);
    EXPECT_EQ(q.size(), 1U);
    // Getting moves nothing; what the getter does with the item is his business.
    auto got = q.get();
    EXPECT_EQ(got->value(), 1);
    EXPECT_THROW(std::move(got).value(), std::runtime_error);
    awkward::throws = false;
    EXPECT_TRUE(q.try_put(item));
    EXPECT_TRUE(q.try_put(item));
    EXPECT_EQ(q.try_put(item).status(), queue_status::full);
    EXPECT_EQ(q.get()->value(), 2);
}

TYPED_TEST(any_queue, an_awkward_item_is_handed_to_one_who_waits) {
    typename TestFixture::awkwards q(1);
    std::thread t([&] { EXPECT_EQ(q.get()->value(), 4); });
    until_parked(&q, 1);
    EXPECT_TRUE(q.put(awkward(4)));
    t.join();
    EXPECT_TRUE(q.put(awkward(5)));
    std::thread u([&] { EXPECT_TRUE(q.put(awkward(6))); });
    until_parked(&q, 1);
    EXPECT_EQ(q.get()->value(), 5);
    u.join();
    EXPECT_EQ(q.get()->value(), 6);
}

TYPED_TEST(any_queue, X4_destroyed_while_a_task_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto* const q = new typename TestFixture::ints(1);
            std::thread t([q] { (void)q->get(); });
            until_parked(q, 1);
            delete q;
        },
        "the queue is destroyed while task '[0-9]+' waits");
}
