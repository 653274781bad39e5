// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/semaphore.hpp>

#include <gtest/gtest.h>
#include <heddle/rt/exception_hook.hpp>
#include <stdexcept>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::bounded_semaphore;
using heddle::semaphore;
using heddle::task;
using heddle::rt::clock;
using heddle::rt::parking_lot;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::run_fibers;
using sync_tests::settle;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

static_assert(sizeof(semaphore) == 8);

namespace {

template <class S> struct any_semaphore : ::testing::Test {};
using semaphores = ::testing::Types<semaphore, bounded_semaphore>;
TYPED_TEST_SUITE(any_semaphore, semaphores);

task<> acquire_and_note(semaphore& s, int i, std::vector<int>& order) {
    co_await s.async_acquire();
    order.push_back(i);
}

}  // namespace

TYPED_TEST(any_semaphore, has_as_many_permits_as_it_is_made_with) {
    TypeParam s(2);
    EXPECT_EQ(s.available(), 2);
    s.acquire();
    EXPECT_TRUE(s.try_acquire());
    EXPECT_FALSE(s.try_acquire());
    EXPECT_EQ(s.available(), 0);
    s.release();
    EXPECT_TRUE(s.try_acquire());
}

TYPED_TEST(any_semaphore, SE01_of_less_than_no_permits_is_an_error) {
    EXPECT_THROW(TypeParam(-1), std::invalid_argument);
}

TYPED_TEST(any_semaphore, SE01_release_of_less_than_one_is_an_error) {
    TypeParam s(1);
    s.acquire();
    EXPECT_THROW(s.release(0), std::invalid_argument);
    EXPECT_THROW(s.release(-1), std::invalid_argument);
    EXPECT_EQ(s.available(), 0);
}

TYPED_TEST(any_semaphore, SE01_release_of_three_serves_exactly_three_who_wait) {
    TypeParam s(3);
    for (int i = 0; i < 3; ++i) s.acquire();
    std::atomic<int> served{0};
    std::vector<std::thread> group;
    for (int i = 0; i < 5; ++i) group.emplace_back([&] { s.acquire(), served.fetch_add(1); });
    until_parked(&s, 5);
    s.release(3);
    until_parked(&s, 2);
    sync_tests::until([&] { return served.load() == 3; });
    EXPECT_EQ(s.available(), 0);
    s.release(2);
    for (auto& t : group) t.join();
    EXPECT_EQ(served.load(), 5);
}

TYPED_TEST(any_semaphore, what_is_left_of_a_release_is_for_those_who_come) {
    TypeParam s(3);
    for (int i = 0; i < 3; ++i) s.acquire();
    std::thread t([&] { s.acquire(); });
    until_parked(&s, 1);
    s.release(3);
    t.join();
    EXPECT_EQ(s.available(), 2);
}

TYPED_TEST(any_semaphore, gives_up_at_its_deadline_and_not_before) {
    TypeParam s(0);
    const auto when = clock::now() + 2ms;
    EXPECT_FALSE(s.try_acquire_until(when));
    EXPECT_GE(clock::now(), when);
    EXPECT_FALSE(s.try_acquire_for(-1h));
    EXPECT_EQ(parking_lot::count(&s), 0U);
}

TYPED_TEST(any_semaphore, with_a_limit_takes_a_permit_that_is_there) {
    TypeParam s(2);
    EXPECT_TRUE(s.try_acquire_for(-1h));
    EXPECT_TRUE(s.try_acquire_until(deadline::after(1h)));
}

TYPED_TEST(any_semaphore, X2_who_is_asked_to_stop_gets_cancelled_and_no_permit) {
    TypeParam s(1);
    s.acquire();
    stoppable_thread t([&] { EXPECT_THROW(s.acquire(), heddle::cancelled); });
    until_parked(&s, 1);
    t.request_stop();
    t.join();
    s.release();
    EXPECT_EQ(s.available(), 1);
}

TYPED_TEST(any_semaphore, a_scoped_permit_goes_back_at_the_end_of_the_scope) {
    TypeParam s(1);
    {
        auto p = s.scoped_acquire();
        EXPECT_TRUE(p);
        EXPECT_FALSE(s.try_scoped_acquire());
        EXPECT_FALSE(s.scoped_acquire_for(-1s));
        EXPECT_FALSE(s.scoped_acquire_until(deadline::after(-1s)));
    }
    EXPECT_EQ(s.available(), 1);
}

TYPED_TEST(any_semaphore, a_permit_goes_back_once_however_it_is_moved) {
    TypeParam s(2);
    auto a = s.scoped_acquire();
    auto b = std::move(a);
    a = s.scoped_acquire();
    EXPECT_EQ(s.available(), 0);
    a = std::move(b);
    EXPECT_EQ(s.available(), 1);
    a.release();
    a.release();
    EXPECT_EQ(s.available(), 2);
    EXPECT_FALSE(a);
}

TYPED_TEST(any_semaphore, gives_a_coroutine_a_permit_object) {
    TypeParam s(1);
    const auto main = [&]() -> task<> {
        {
            auto p = co_await s.async_scoped_acquire();
            EXPECT_TRUE(p);
            EXPECT_FALSE(co_await s.async_scoped_acquire(deadline::after(1us)));
        }
        EXPECT_EQ(s.available(), 1);
    };
    heddle::run(main());
    EXPECT_EQ(s.available(), 1);
}

TYPED_TEST(any_semaphore, serves_fibers_in_the_order_of_asking) {
    TypeParam s(1);
    s.acquire();
    std::vector<int> order;
    const auto body = [&](int i) {
        return [&s, &order, i] {
            s.acquire();
            order.push_back(i);
            s.release();
        };
    };
    run_fibers({body(0), body(1), body(2), [&] { s.release(); }});
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
}

TYPED_TEST(any_semaphore, X4_destroyed_while_a_task_waits_ends_the_program) {
    GTEST_FLAG_SET(death_test_style, "threadsafe");
    EXPECT_DEATH(
        {
            auto* const s = new TypeParam(0);
            std::thread t([s] { s->acquire(); });
            until_parked(s, 1);
            delete s;
        },
        "the semaphore is destroyed while task '[0-9]+' waits");
}

TEST(semaphore, may_be_released_above_its_initial_value) {
    semaphore s(0);
    s.release(5);
    EXPECT_EQ(s.available(), 5);
}

TEST(semaphore, reports_more_permits_than_it_can_count) {
    semaphore s(1);
    EXPECT_THROW(s.release(PTRDIFF_MAX), heddle::invalid_state);
    EXPECT_EQ(s.available(), 1);
    EXPECT_THROW(semaphore(PTRDIFF_MAX), std::invalid_argument);
}

TEST(bounded_semaphore, SE02_release_above_the_initial_value_is_an_error_and_changes_nothing) {
    bounded_semaphore s(3);
    EXPECT_EQ(s.bound(), 3);
    EXPECT_THROW(s.release(), heddle::invalid_state);
    EXPECT_EQ(s.available(), 3);
    s.acquire();
    s.acquire();
    EXPECT_THROW(s.release(3), heddle::invalid_state);
    EXPECT_EQ(s.available(), 1);
    s.release(2);
    EXPECT_EQ(s.available(), 3);
}

TEST(bounded_semaphore, a_permit_that_cannot_be_given_back_is_reported_and_not_thrown) {
    static std::atomic<int> reported;
    reported = 0;
    const auto before =
        heddle::set_exception_hook([](std::exception_ptr, std::string_view) noexcept { ++reported; });
    {
        bounded_semaphore s(1);
        auto p = s.scoped_acquire();
        s.release();  // not his to release
    }
    heddle::set_exception_hook(before);
    EXPECT_EQ(reported.load(), 1);
}

TEST(semaphore, AS01_a_newcomer_does_not_overtake_one_that_is_being_woken) {
    semaphore s(0);
    std::vector<int> order;
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(acquire_and_note(s, 1, order));
        co_await parked(&s, 1);
        s.release();  // a has the permit and has not run yet
        EXPECT_EQ(s.available(), 0);
        EXPECT_FALSE(s.try_acquire());
        auto b = heddle::spawn(acquire_and_note(s, 2, order));
        s.release();
        co_await a;
        co_await b;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(semaphore, AS02_a_permit_passes_those_who_have_been_cancelled) {
    semaphore s(0);
    std::vector<int> order;
    const auto main = [&]() -> task<> {
        std::vector<heddle::future<>> all;
        for (int i = 0; i < 4; ++i) {
            all.push_back(heddle::spawn(acquire_and_note(s, i, order)));
            co_await parked(&s, static_cast<std::size_t>(i + 1));
        }
        all[0].request_stop();
        all[1].request_stop();
        s.release();
        co_await settle();
        EXPECT_EQ(order, (std::vector<int>{2}));
        s.release();
        co_await all[3];
        EXPECT_THROW(all[0].get(), heddle::cancelled);
        EXPECT_THROW(all[1].get(), heddle::cancelled);
    };
    heddle::run(main());
}

// Granted and cancelled at the same moment keeps the permit, and its scope passes it on.
TEST(semaphore, AS03_the_permit_of_one_cancelled_before_it_ran_moves_to_the_next) {
    semaphore s(0);
    std::vector<int> order;
    const auto first = [&]() -> task<> {
        auto p = co_await s.async_scoped_acquire();
        co_await heddle::yield();
        order.push_back(-1);
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(first());
        co_await parked(&s, 1);
        auto b = heddle::spawn(acquire_and_note(s, 2, order));
        co_await parked(&s, 2);
        s.release();
        a.request_stop();
        co_await b;
        EXPECT_THROW(a.get(), heddle::cancelled);
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{2}));
    EXPECT_EQ(s.available(), 0);
}

TEST(semaphore, AS04_coroutines_that_acquire_again_go_to_the_end_of_the_queue) {
    semaphore s(1);
    std::vector<std::string> order;
    const auto body = [&](std::string name) -> task<> {
        for (int i = 1; i <= 2; ++i) {
            co_await s.async_acquire();
            order.push_back(name + std::to_string(i));
            co_await heddle::yield();
            s.release();
        }
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(body("a"));
        auto b = heddle::spawn(body("b"));
        auto c = heddle::spawn(body("c"));
        co_await a;
        co_await b;
        co_await c;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<std::string>{"a1", "b1", "c1", "a2", "b2", "c2"}));
}

TEST(semaphore, joins_threads_to_coroutines) {
    semaphore items(0);
    semaphore room(0);
    constexpr int rounds = 100;
    const auto main = [&]() -> task<> {
        for (int i = 0; i < rounds; ++i) {
            co_await items.async_acquire();
            room.release();
        }
    };
    std::thread t([&] {
        for (int i = 0; i < rounds; ++i) {
            items.release();
            room.acquire();
        }
    });
    heddle::run(main());
    t.join();
    EXPECT_EQ(items.available(), 0);
    EXPECT_EQ(room.available(), 0);
}
