// SPDX-License-Identifier: BSL-1.0
// What heddle::shared_mutex promises beyond lock_contract_test.cpp, with and without its bias towards
// readers.
#include <heddle/sync/shared_mutex.hpp>

#include <gtest/gtest.h>
#include <mutex>
#include <shared_mutex>
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::shared_mutex;
using heddle::task;
using heddle::rt::clock;
using sync_tests::deadline;
using sync_tests::parked;
using sync_tests::settle;
using sync_tests::stoppable_thread;
using sync_tests::until_parked;

namespace heddle::inline v0::detail {

struct shared_mutex_probe {
    static void bias(shared_mutex& m) { m.state_.fetch_or(shared_mutex::biased | shared_mutex::slots); }
    static bool biased(const shared_mutex& m) { return (m.state_.load() & shared_mutex::biased) != 0; }
};

}  // namespace heddle::inline v0::detail

using heddle::detail::shared_mutex_probe;

namespace {

struct shared_mutex_test : ::testing::TestWithParam<bool> {
    void SetUp() override {
        if (GetParam()) shared_mutex_probe::bias(m);
    }
    shared_mutex m;
};

INSTANTIATE_TEST_SUITE_P(bias, shared_mutex_test, ::testing::Bool(),
                         [](const auto& mode) { return mode.param ? "biased" : "unbiased"; });

static_assert(sizeof(shared_mutex) <= 16);

}  // namespace

TEST_P(shared_mutex_test, lets_readers_in_together_and_no_writer) {
    m.lock_shared();
    std::thread([&] {
        EXPECT_TRUE(m.try_lock_shared());
        EXPECT_FALSE(m.try_lock());
        m.unlock_shared();
        EXPECT_FALSE(m.try_lock());
    }).join();
    m.unlock_shared();
    EXPECT_TRUE(m.try_lock());
    m.unlock();
}

TEST_P(shared_mutex_test, lets_nobody_in_beside_a_writer) {
    m.lock();
    std::thread([&] {
        EXPECT_FALSE(m.try_lock_shared());
        EXPECT_FALSE(m.try_lock());
    }).join();
    m.unlock();
    EXPECT_TRUE(m.try_lock_shared());
    m.unlock_shared();
}

TEST_P(shared_mutex_test, meets_SharedLockable) {
    {
        std::shared_lock guard(m);
        EXPECT_TRUE(guard.owns_lock());
    }
    {
        std::shared_lock guard(m, 1h);
        EXPECT_TRUE(guard.owns_lock());
    }
    std::unique_lock writer(m);
    std::thread([&] {
        EXPECT_FALSE(m.try_lock_shared_for(-1s));
        EXPECT_FALSE(m.try_lock_shared_until(std::chrono::system_clock::now()));
        EXPECT_FALSE(std::shared_lock(m, std::try_to_lock).owns_lock());
    }).join();
}

TEST_P(shared_mutex_test, LK01_leaving_without_having_come_is_an_error) {
    EXPECT_THROW(m.unlock_shared(), heddle::not_owner);
    EXPECT_THROW(m.unlock(), heddle::not_owner);
    EXPECT_THROW(m.downgrade(), heddle::not_owner);
    m.lock_shared();
    EXPECT_THROW(m.unlock(), heddle::not_owner);
    m.unlock_shared();
    EXPECT_THROW(m.unlock_shared(), heddle::not_owner);
    m.lock();
    EXPECT_THROW(m.unlock_shared(), heddle::not_owner);
    m.unlock();
}

TEST_P(shared_mutex_test, a_reader_may_leave_on_another_thread) {
    m.lock_shared();
    std::thread([&] { m.unlock_shared(); }).join();
    EXPECT_TRUE(m.try_lock());
    m.unlock();
    // And where readers swap.
    std::thread([&] { m.lock_shared(); }).join();
    m.lock_shared();
    std::thread([&] { m.unlock_shared(); }).join();
    EXPECT_FALSE(m.try_lock());
    m.unlock_shared();
    EXPECT_TRUE(m.try_lock());
    m.unlock();
}

TEST_P(shared_mutex_test, readers_that_came_on_one_thread_are_counted_like_others) {
    for (int i = 0; i < 5; ++i) EXPECT_TRUE(m.try_lock_shared());
    for (int i = 0; i < 5; ++i) {
        EXPECT_FALSE(m.try_lock());
        m.unlock_shared();
    }
    EXPECT_THROW(m.unlock_shared(), heddle::not_owner);
    EXPECT_TRUE(m.try_lock());
    m.unlock();
}

TEST_P(shared_mutex_test, a_writer_waits_for_the_readers) {
    int data = 0;  // not atomic
    m.lock_shared();
    std::thread t([&] {
        const std::lock_guard guard(m);
        data = 1;
    });
    until_parked(&m, 1);
    EXPECT_EQ(data, 0);
    m.unlock_shared();
    t.join();
    EXPECT_EQ(data, 1);
}

TEST_P(shared_mutex_test, a_writer_that_waits_keeps_new_readers_out) {
    m.lock_shared();
    std::thread t([&] { m.lock(), m.unlock(); });
    until_parked(&m, 1);
    EXPECT_FALSE(m.try_lock_shared());
    EXPECT_FALSE(m.try_lock_shared_for(1us));
    m.unlock_shared();
    t.join();
    EXPECT_TRUE(m.try_lock_shared());
    m.unlock_shared();
}

TEST_P(shared_mutex_test, readers_who_queued_behind_a_writer_go_before_the_next_writer) {
    std::vector<int> order;
    const auto writes = [&](int i) -> task<> {
        co_await m.async_lock();
        order.push_back(i);
        m.unlock();
    };
    const auto reads = [&](int i) -> task<> {
        co_await m.async_lock_shared();
        order.push_back(i);
        co_await settle();  // the readers are in together
        m.unlock_shared();
    };
    const auto main = [&]() -> task<> {
        m.lock_shared();
        std::vector<heddle::future<>> all;
        all.push_back(heddle::spawn(writes(1)));
        co_await parked(&m, 1);
        all.push_back(heddle::spawn(reads(2)));
        co_await parked(&m, 2);
        all.push_back(heddle::spawn(writes(4)));
        co_await parked(&m, 3);
        all.push_back(heddle::spawn(reads(3)));
        co_await parked(&m, 4);
        m.unlock_shared();
        for (auto& f : all) co_await f;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3, 4}));
}

TEST_P(shared_mutex_test, a_writer_that_gives_up_lets_in_the_readers_behind_it) {
    m.lock_shared();
    const auto main = [&]() -> task<> {
        auto writer = heddle::spawn([](shared_mutex& l) -> task<> { co_await l.async_lock(); }(m));
        co_await parked(&m, 1);
        auto reader = heddle::spawn([](shared_mutex& l) -> task<> { co_await l.async_lock_shared(); }(m));
        co_await parked(&m, 2);
        writer.request_stop();
        co_await reader;
        EXPECT_THROW(writer.get(), heddle::cancelled);
    };
    heddle::run(main());
    m.unlock_shared();
    m.unlock_shared();
    EXPECT_TRUE(m.try_lock());
    m.unlock();
}

TEST_P(shared_mutex_test, gives_up_at_its_deadline_and_not_before) {
    m.lock_shared();
    std::thread([&] {
        const auto when = clock::now() + 2ms;
        EXPECT_FALSE(m.try_lock_until(when));
        EXPECT_GE(clock::now(), when);
    }).join();
    EXPECT_TRUE(m.try_lock_shared());
    m.unlock_shared();
    m.unlock_shared();
    m.lock();
    std::thread([&] {
        const auto when = clock::now() + 2ms;
        EXPECT_FALSE(m.try_lock_shared_until(when));
        EXPECT_GE(clock::now(), when);
    }).join();
    m.unlock();
}

TEST_P(shared_mutex_test, X2_a_reader_that_is_asked_to_stop_has_not_locked) {
    m.lock();
    stoppable_thread t([&] { EXPECT_THROW(m.try_lock_shared_for(1h), heddle::cancelled); });
    until_parked(&m, 1);
    t.request_stop();
    t.join();
    m.unlock();
    EXPECT_TRUE(m.try_lock());
    m.unlock();
}

TEST_P(shared_mutex_test, downgrade_lets_readers_in_and_no_writer) {
    std::vector<int> order;
    const auto main = [&]() -> task<> {
        co_await m.async_lock();
        auto writer = heddle::spawn([](shared_mutex& l, std::vector<int>& o) -> task<> {
            co_await l.async_lock();
            o.push_back(2);
            l.unlock();
        }(m, order));
        co_await parked(&m, 1);
        auto reader = heddle::spawn([](shared_mutex& l, std::vector<int>& o) -> task<> {
            co_await l.async_lock_shared();
            o.push_back(1);
            l.unlock_shared();
        }(m, order));
        co_await parked(&m, 2);
        m.downgrade();
        EXPECT_FALSE(m.locked());
        co_await reader;
        EXPECT_EQ(order, (std::vector<int>{1}));
        m.unlock_shared();
        co_await writer;
    };
    heddle::run(main());
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST_P(shared_mutex_test, the_only_reader_can_become_the_writer) {
    m.lock_shared();
    EXPECT_TRUE(m.try_upgrade());
    EXPECT_TRUE(m.locked());
    EXPECT_FALSE(m.try_lock_shared());
    m.unlock();
    EXPECT_THROW(m.unlock_shared(), heddle::not_owner);
    EXPECT_TRUE(m.try_lock());
    m.unlock();
}

TEST_P(shared_mutex_test, one_of_two_readers_cannot_become_the_writer) {
    m.lock_shared();
    std::thread([&] { m.lock_shared(); }).join();
    EXPECT_FALSE(m.try_upgrade());
    EXPECT_TRUE(m.try_lock_shared());
    m.unlock_shared();
    m.unlock_shared();
    EXPECT_TRUE(m.try_upgrade());
    m.unlock();
}

TEST_P(shared_mutex_test, a_reader_cannot_become_the_writer_past_one_that_waits) {
    m.lock_shared();
    std::thread t([&] { m.lock(), m.unlock(); });
    until_parked(&m, 1);
    EXPECT_FALSE(m.try_upgrade());
    m.unlock_shared();
    t.join();
}

TEST_P(shared_mutex_test, async_forms_give_up_at_their_deadline) {
    const auto main = [&]() -> task<> {
        co_await m.async_lock();
        EXPECT_FALSE(co_await m.async_lock_shared(deadline::after(1us)));
        m.unlock();
        EXPECT_TRUE(co_await m.async_lock_shared(deadline::after(1h)));
        EXPECT_FALSE(co_await m.async_lock(deadline::after(1us)));
        m.unlock_shared();
        EXPECT_TRUE(co_await m.async_lock(deadline::after(1h)));
        m.unlock();
    };
    heddle::run(main());
}

TEST_P(shared_mutex_test, protects_its_data_from_threads_that_read_and_write) {
    long a = 0;
    long b = 0;
    std::vector<std::thread> group;
    for (int t = 0; t < 4; ++t)
        group.emplace_back([&, t] {
            for (int i = 0; i < 1000; ++i) {
                if ((i + t) % 10 == 0) {
                    const std::lock_guard guard(m);
                    ++a;
                    ++b;
                } else {
                    const std::shared_lock guard(m);
                    EXPECT_EQ(a, b);
                }
            }
        });
    for (auto& t : group) t.join();
    EXPECT_EQ(a, 400);
}

TEST(shared_mutex, a_writer_that_waits_is_served_by_who_leaves_for_a_thread_that_has_gone) {
    shared_mutex m;
    shared_mutex_probe::bias(m);
    std::thread([&] { m.lock_shared(); }).join();
    std::thread writer([&] { m.lock(), m.unlock(); });
    until_parked(&m, 1);
    m.unlock_shared();  // the slot of a thread that has gone
    writer.join();
    EXPECT_THROW(m.unlock_shared(), heddle::not_owner);
}

TEST(shared_mutex, readers_leave_after_a_writer_has_given_up_waiting_for_them) {
    shared_mutex m;
    shared_mutex_probe::bias(m);
    m.lock_shared();
    std::thread([&] { EXPECT_FALSE(m.try_lock_for(1us)); }).join();
    m.unlock_shared();
    EXPECT_TRUE(m.try_lock());
    m.unlock();
    shared_mutex_probe::bias(m);
    m.lock_shared();
    EXPECT_TRUE(m.try_upgrade());
    m.unlock();
    EXPECT_THROW(m.unlock_shared(), heddle::not_owner);
}

TEST(shared_mutex, a_writer_takes_the_bias_back) {
    shared_mutex m;
    shared_mutex_probe::bias(m);
    m.lock_shared();
    EXPECT_TRUE(shared_mutex_probe::biased(m));
    m.unlock_shared();
    m.lock();
    EXPECT_FALSE(shared_mutex_probe::biased(m));
    m.unlock();
}

TEST(shared_mutex, made_where_one_was_destroyed_with_a_reader_in_it_has_none) {
    alignas(shared_mutex) std::byte place[sizeof(shared_mutex)];
    auto* m = new (place) shared_mutex;
    shared_mutex_probe::bias(*m);
    m->lock_shared();
    m->~shared_mutex();
    m = new (place) shared_mutex;
    shared_mutex_probe::bias(*m);
    EXPECT_TRUE(m->try_lock());
    m->unlock();
    m->~shared_mutex();
}
