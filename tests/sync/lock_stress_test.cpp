// SPDX-License-Identifier: BSL-1.0
// The locks under contention by threads, fibers and coroutines at once, with deadlines and requests to stop.
#include <gtest/gtest.h>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <latch>
#include <mutex>
#include <shared_mutex>
#include "budget.hpp"
#include "coroutines.hpp"

using namespace std::chrono_literals;
using heddle::task;
using sync_tests::budget;
using sync_tests::deadline;
using sync_tests::rounds;
using sync_tests::run_fibers;

namespace heddle::inline v0::detail {

struct shared_mutex_probe {
    static void bias(shared_mutex& m) { m.state_.fetch_or(shared_mutex::biased | shared_mutex::slots); }
};

}  // namespace heddle::inline v0::detail

namespace {

template <class Lock> struct lock_stress : ::testing::Test {
    Lock m;
    long inside = 0;  // not atomic: the lock guards it
    std::atomic<long> entered{0};

    void visit() {
        ++inside;
        entered.fetch_add(1, std::memory_order_relaxed);
    }
    task<> coroutine(const budget& time, int n) {
        for (int i = 0; i < n && time.left(); ++i) {
            if (i % 3 == 0) {
                if (!co_await m.async_lock(deadline::after(std::chrono::nanoseconds(i % 9000)))) continue;
            } else {
                co_await m.async_lock();
            }
            visit();
            if (i % 16 == 0) co_await heddle::yield();  // while it holds the lock
            m.unlock();
        }
    }
};

using locks = ::testing::Types<heddle::mutex, heddle::recursive_mutex, heddle::fair_mutex,
                               heddle::priority_mutex, heddle::shared_mutex>;
TYPED_TEST_SUITE(lock_stress, locks);

}  // namespace

TYPED_TEST(lock_stress, threads_fibers_and_coroutines_exclude_each_other) {
    const budget time;
    std::vector<std::thread> group;
    for (int t = 0; t < 2; ++t)
        group.emplace_back([&, t] {
            for (int i = 0; i < rounds && time.left(); ++i) {
                if ((i + t) % 3 == 0) {
                    if (!this->m.try_lock_for(std::chrono::nanoseconds(i % 9000 - 500))) continue;
                } else {
                    this->m.lock();
                }
                this->visit();
                this->m.unlock();
            }
        });
    group.emplace_back([&] {
        const auto body = [&] {
            for (int i = 0; i < rounds / 4 && time.left(); ++i) {
                const std::lock_guard guard(this->m);
                this->visit();
                if (i % 16 == 0) heddle::rt::sleep_for(0s);  // suspended while it holds the lock
            }
        };
        run_fibers({body, body});
    });
    const auto main = [&]() -> task<> {
        std::vector<heddle::future<>> all;
        for (int i = 0; i < 3; ++i) all.push_back(heddle::spawn(this->coroutine(time, rounds / 4)));
        for (auto& f : all) co_await f;
    };
    heddle::run(main());
    for (auto& t : group) t.join();
    EXPECT_EQ(this->inside, this->entered.load());
    EXPECT_FALSE(this->m.locked());
    EXPECT_EQ(heddle::rt::parking_lot::count(&this->m), 0U);
    this->m.lock();
    this->m.unlock();
}

TYPED_TEST(lock_stress, requests_to_stop_lose_no_lock) {
    const budget time;
    std::atomic<bool> stop{false};
    heddle::rt::task_context task;
    std::thread canceller([&] {
        while (!stop.load()) {
            task.request_stop();
            std::this_thread::yield();
        }
    });
    std::thread other([&] {
        while (!stop.load()) {
            const std::lock_guard guard(this->m);
            this->visit();
        }
    });
    {
        heddle::rt::task_scope scope(&task);
        for (int i = 0; i < rounds && time.left(); ++i) {
            try {
                if (!this->m.try_lock_for(std::chrono::microseconds(i % 50))) continue;
            } catch (const heddle::cancelled&) {
                continue;
            }
            this->visit();
            this->m.unlock();
        }
    }
    stop = true;
    canceller.join();
    other.join();
    EXPECT_EQ(this->inside, this->entered.load());
    EXPECT_FALSE(this->m.locked());
}

// The table of readers has 64 lines: of 128 threads that come one after the other, two share each.
TEST(shared_mutex_stress, threads_that_share_a_line_of_the_table_lose_no_reader) {
    const budget time;
    heddle::shared_mutex m;
    heddle::shared_mutex of_its_own;
    heddle::detail::shared_mutex_probe::bias(of_its_own);
    const auto take_a_line = [&] { const std::shared_lock guard(of_its_own); };
    long a = 0;
    long b = 0;
    std::vector<std::thread> readers;
    const auto start_one = [&] {
        std::latch begun(1);
        readers.emplace_back([&] {
            take_a_line();
            begun.count_down();
            for (int i = 0; i < rounds && time.left(); ++i) {
                const std::shared_lock guard(m);
                EXPECT_EQ(a, b);
            }
        });
        begun.wait();
    };
    start_one();
    for (int i = 0; i < 63; ++i) std::thread(take_a_line).join();
    start_one();  // in the line of the first
    for (int i = 0; i < rounds && time.left(); ++i) {
        const bool in_time = i % 2 == 0 || m.try_lock_for(std::chrono::nanoseconds(i % 20'000));
        if (!in_time) continue;
        if (i % 2 == 0) m.lock();
        ++a;
        ++b;
        m.unlock();
    }
    for (auto& t : readers) t.join();
    EXPECT_TRUE(m.try_lock());
    m.unlock();
}

TYPED_TEST(lock_stress, may_be_destroyed_by_the_next_owner) {
    const budget time;
    for (int i = 0; i < 3000 && time.left(); ++i) {
        auto lock = std::make_unique<TypeParam>();
        std::atomic<bool> visited{false};
        std::thread t([&visited, raw = lock.get()] {
            raw->lock();
            visited.store(true);
            raw->unlock();
        });
        if (i % 2 == 0) sync_tests::until([&] { return visited.load(); });
        {
            const std::lock_guard guard(*lock);
            if (!visited.load()) {
                // The other may come to wait, and then the unlock below touches the queue.
                for (int k = 0; k < i % 50; ++k) std::this_thread::yield();
            }
        }
        sync_tests::until([&] { return visited.load(); });
        {
            const std::lock_guard guard(*lock);  // the other has unlocked, or is just about to return from it
        }
        lock.reset();
        t.join();
    }
}

TEST(mutex_stress, conditions_hand_items_from_threads_to_coroutines_and_back) {
    heddle::mutex m;
    heddle::condition changed(m);
    long there = 0;
    long taken = 0;
    bool done = false;
    const budget time;
    std::thread producer([&] {
        for (int i = 0; i < rounds && time.left(); ++i) {
            const std::lock_guard guard(m);
            ++there;
            changed.notify();
        }
        const std::lock_guard guard(m);
        done = true;
        changed.notify_all();
    });
    long by_threads = 0;
    std::thread consumer([&] {
        std::unique_lock guard(m);
        for (;;) {
            changed.wait([&] { return there > taken || done; });
            if (there == taken) return;
            ++taken;
            ++by_threads;
        }
    });
    const auto consume = [&]() -> task<> {
        co_await m.async_lock();
        for (;;) {
            co_await changed.async_wait([&] { return there > taken || done; });
            if (there == taken) break;
            ++taken;
            if (taken % 8 == 0) {
                m.unlock();
                co_await heddle::yield();
                co_await m.async_lock();
            }
        }
        m.unlock();
    };
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(consume());
        auto b = heddle::spawn(consume());
        co_await a;
        co_await b;
    };
    heddle::run(main());
    producer.join();
    consumer.join();
    EXPECT_EQ(there, taken);
}

// None is used up by one that times out at the same moment.
TEST(mutex_stress, X6_every_notification_that_was_sent_is_received) {
    heddle::mutex m;
    heddle::condition changed(m);
    const budget time;
    std::atomic<int> left{2};
    std::atomic<std::size_t> received{0};
    std::vector<std::thread> group;
    for (int t = 0; t < 2; ++t)
        group.emplace_back([&, t] {
            for (int i = 0; i < rounds && time.left(); ++i) {
                const std::lock_guard guard(m);
                if (changed.wait_for(std::chrono::nanoseconds((i * 7 + t) % 4000))) received.fetch_add(1);
            }
            left.fetch_sub(1);
        });
    std::size_t sent = 0;
    while (left.load() > 0) {
        const std::lock_guard guard(m);
        sent += changed.notify(1);
    }
    for (auto& t : group) t.join();
    EXPECT_EQ(sent, received.load());
    EXPECT_EQ(changed.n_waiting(), 0U);
    EXPECT_FALSE(m.locked());
}

TEST(shared_mutex_stress, may_be_destroyed_by_the_writer_whom_its_last_readers_let_in) {
    const budget time;
    for (int i = 0; i < 3000 && time.left(); ++i) {
        auto lock = std::make_unique<heddle::shared_mutex>();
        heddle::detail::shared_mutex_probe::bias(*lock);
        std::atomic<int> inside{0};
        const auto read = [&inside, raw = lock.get()] {
            raw->lock_shared();
            inside.fetch_add(1);
            raw->unlock_shared();
        };
        std::thread a(read);
        std::thread b(read);
        sync_tests::until([&] { return inside.load() == 2; });
        if (i % 2 == 0) {
            lock->lock();
        } else {
            while (!lock->try_lock()) std::this_thread::yield();
        }
        lock->unlock();
        lock.reset();
        a.join();
        b.join();
    }
}

TEST(shared_mutex_stress, readers_see_no_half_written_state) {
    heddle::shared_mutex m;
    long a = 0;
    long b = 0;
    long writes = 0;
    std::atomic<long> expected{0};
    const budget time;
    std::vector<std::thread> group;
    for (int t = 0; t < 3; ++t)
        group.emplace_back([&, t] {
            for (int i = 0; i < rounds && time.left(); ++i) {
                switch ((i + t * 5) % 64) {
                    case 0: {
                        const std::lock_guard guard(m);
                        ++a, ++b, ++writes;
                        expected.fetch_add(1);
                        break;
                    }
                    case 1:
                        if (m.try_lock_for(std::chrono::nanoseconds(i % 5000))) {
                            ++a, ++b, ++writes;
                            expected.fetch_add(1);
                            m.downgrade();
                            EXPECT_EQ(a, b);
                            m.unlock_shared();
                        }
                        break;
                    case 2:
                        m.lock_shared();
                        if (m.try_upgrade()) {
                            ++a, ++b, ++writes;
                            expected.fetch_add(1);
                            m.unlock();
                        } else {
                            m.unlock_shared();
                        }
                        break;
                    case 3:
                        if (m.try_lock()) {
                            ++a, ++b, ++writes;
                            expected.fetch_add(1);
                            m.unlock();
                        }
                        break;
                    case 4:
                        if (m.try_lock_shared_for(std::chrono::nanoseconds(i % 5000))) {
                            EXPECT_EQ(a, b);
                            m.unlock_shared();
                        }
                        break;
                    default: {
                        const std::shared_lock guard(m);
                        EXPECT_EQ(a, b);
                    }
                }
            }
        });
    const auto reads = [&]() -> task<> {
        for (int i = 0; i < rounds / 4 && time.left(); ++i) {
            co_await m.async_lock_shared();
            EXPECT_EQ(a, b);
            if (i % 16 == 0) co_await heddle::yield();
            m.unlock_shared();
            if (i % 32 == 0) {
                co_await m.async_lock();
                ++a, ++b, ++writes;
                expected.fetch_add(1);
                m.unlock();
            }
        }
    };
    const auto main = [&]() -> task<> {
        auto x = heddle::spawn(reads());
        auto y = heddle::spawn(reads());
        co_await x;
        co_await y;
    };
    heddle::run(main());
    for (auto& t : group) t.join();
    EXPECT_EQ(writes, expected.load());
    EXPECT_EQ(a, writes);
    EXPECT_THROW(m.unlock_shared(), heddle::not_owner);
    EXPECT_TRUE(m.try_lock());
    m.unlock();
}
