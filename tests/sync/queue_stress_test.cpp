// SPDX-License-Identifier: BSL-1.0
// Queues by threads and coroutines at once, with deadlines and requests to stop: every item that was put
// comes out once, and those of one producer in their order.
#include <gtest/gtest.h>
#include <heddle/sync/spsc_queue.hpp>
#include "budget.hpp"
#include "queues.hpp"

using namespace std::chrono_literals;
using heddle::queue;
using heddle::task;
using sync_tests::budget;
using sync_tests::deadline;
using sync_tests::queue_status;
using sync_tests::rounds;

namespace {

constexpr int producers = 4;  // two threads, two coroutines

struct item {
    int producer = 0;
    int number = 0;
};

/// What one consumer has seen: numbers of each producer in growing order.
class seen {
 public:
    void note(const item& i) {
        EXPECT_LT(last_[i.producer], i.number);
        last_[i.producer] = i.number;
        ++count;
        sum += i.number;
    }
    long count = 0;
    long sum = 0;

 private:
    int last_[producers] = {-1, -1, -1, -1};
};

}  // namespace

class queue_stress : public ::testing::TestWithParam<std::size_t> {};

INSTANTIATE_TEST_SUITE_P(capacities, queue_stress, ::testing::Values(1, 3, 64, heddle::unbounded),
                         [](const auto& i) {
                             return i.param == heddle::unbounded ? std::string("unbounded")
                                                                 : std::to_string(i.param);
                         });

TEST_P(queue_stress, no_item_is_lost_doubled_or_overtaken_whatever_ends_a_wait) {
    queue<item> q(GetParam());
    const budget time;
    std::atomic<bool> stop{false};
    heddle::rt::task_context asked_putter;
    heddle::rt::task_context asked_getter;
    std::thread canceller([&] {
        while (!stop.load()) {
            asked_putter.request_stop();
            asked_getter.request_stop();
            std::this_thread::yield();
        }
    });
    std::atomic<long> put_count{0};
    std::atomic<long> put_sum{0};
    std::atomic<long> got_count{0};
    std::atomic<long> got_sum{0};
    const auto produce = [&](int who) {
        heddle::rt::task_scope scope(who == 0 ? &asked_putter : nullptr);
        for (int i = 0; i < rounds && time.left(); ++i) {
            try {
                const item next{who, i};
                const auto put = i % 3 == 0   ? q.try_put(next)
                                 : i % 3 == 1 ? q.put_for(std::chrono::nanoseconds(i % 7000), next)
                                              : q.put(next);
                if (put) ++put_count, put_sum += i;
            } catch (const heddle::cancelled&) {
            }
        }
    };
    const auto consume = [&](int who) {
        heddle::rt::task_scope scope(who == 0 ? &asked_getter : nullptr);
        seen here;
        for (int i = 0;; ++i) {
            try {
                auto got = i % 3 == 0   ? q.try_get()
                           : i % 3 == 1 ? q.get_for(std::chrono::nanoseconds(i % 7000))
                                        : q.get();
                if (got)
                    here.note(*got);
                else if (got.status() == queue_status::closed)
                    break;
            } catch (const heddle::cancelled&) {
            }
        }
        got_count += here.count;
        got_sum += here.sum;
    };
    const auto async_produce = [&](int who) -> task<> {
        for (int i = 0; i < rounds / 4 && time.left(); ++i) {
            const item next{who, i};
            const auto put =
                i % 2 == 0 ? co_await q.async_put(next)
                           : co_await q.async_put(deadline::after(std::chrono::nanoseconds(i % 9000)), next);
            if (put) ++put_count, put_sum += i;
            if (i % 64 == 0) co_await heddle::yield();
        }
    };
    const auto async_consume = [&]() -> task<> {
        seen here;
        for (int i = 0;; ++i) {
            auto got = i % 2 == 0 ? co_await q.async_get()
                                  : co_await q.async_get(deadline::after(std::chrono::nanoseconds(i % 9000)));
            if (got)
                here.note(*got);
            else if (got.status() == queue_status::closed)
                break;
            if (i % 64 == 0) co_await heddle::yield();
        }
        got_count += here.count;
        got_sum += here.sum;
    };
    std::vector<std::thread> putters;
    std::vector<std::thread> getters;
    for (int t = 0; t < 2; ++t) {
        putters.emplace_back(produce, t);
        getters.emplace_back(consume, t);
    }
    std::thread closer([&] {
        for (auto& t : putters) t.join();
        while (time.left()) std::this_thread::yield();
    });
    const auto main = [&]() -> task<> {
        auto a = heddle::spawn(async_produce(2));
        auto b = heddle::spawn(async_produce(3));
        auto c = heddle::spawn(async_consume());
        auto d = heddle::spawn(async_consume());
        co_await a;
        co_await b;
        while (time.left()) co_await heddle::yield();
        q.shutdown();
        co_await c;
        co_await d;
    };
    heddle::run(main());
    closer.join();
    for (auto& t : getters) t.join();
    stop = true;
    canceller.join();
    // A thread may have put between the last get of a coroutine and the shutdown; not after it.
    while (auto rest = q.try_get()) ++got_count, got_sum += rest->number;
    EXPECT_EQ(got_count.load(), put_count.load());
    EXPECT_EQ(got_sum.load(), put_sum.load());
    EXPECT_EQ(heddle::rt::parking_lot::count(&q), 0U);
}

TEST_P(queue_stress, who_joins_finds_every_item_dealt_with) {
    queue<int> q(GetParam());
    const budget time;
    std::atomic<long> dealt_with{0};
    std::vector<std::thread> group;
    for (int t = 0; t < 2; ++t)
        group.emplace_back([&] {
            for ([[maybe_unused]] int i : q.items()) ++dealt_with;
        });
    long put = 0;
    for (int i = 0; i < rounds && time.left(); ++i) {
        for (int k = 0; k < i % 4; ++k) put += q.put(k) ? 1 : 0;
        q.join();
        EXPECT_EQ(dealt_with.load(), put);
    }
    q.shutdown();
    for (auto& t : group) t.join();
}

TEST(spsc_queue_stress, every_item_comes_out_once_and_in_order_whatever_ends_a_wait) {
    for (std::size_t capacity : {1U, 8U}) {
        heddle::spsc_queue<int> q(capacity);
        const budget time;
        std::thread producer([&] {
            for (int i = 0; i < rounds && time.left();) {
                const auto put = i % 3 == 0   ? q.try_put(i)
                                 : i % 3 == 1 ? q.put_for(std::chrono::nanoseconds(i % 7000), i)
                                              : q.put(i);
                if (put) ++i;
            }
            q.shutdown();
        });
        int expected = 0;
        for (int i = 0;; ++i) {
            auto got = i % 3 == 0   ? q.try_get()
                       : i % 3 == 1 ? q.get_for(std::chrono::nanoseconds(i % 7000))
                                    : q.get();
            if (got)
                EXPECT_EQ(*got, expected++);
            else if (got.status() == queue_status::closed)
                break;
        }
        producer.join();
        EXPECT_EQ(q.size(), 0U);
    }
}

TEST(lifo_queue_stress, no_item_is_lost_or_doubled_while_tasks_wait_at_both_ends) {
    heddle::lifo_queue<int> q(2);
    const budget time;
    std::atomic<long> put{0};
    std::atomic<long> got{0};
    std::vector<std::thread> putters;
    std::vector<std::thread> getters;
    for (int t = 0; t < 2; ++t) {
        putters.emplace_back([&] {
            for (int i = 0; i < rounds && time.left(); ++i)
                if (i % 2 == 0 ? q.put(i) : q.put_for(std::chrono::nanoseconds(i % 7000), i)) put += i;
        });
        getters.emplace_back([&] {
            for (;;) {
                auto item = q.get_for(5us);
                if (item)
                    got += *item;
                else if (item.status() == queue_status::closed)
                    return;
            }
        });
    }
    for (auto& t : putters) t.join();
    q.shutdown();
    for (auto& t : getters) t.join();
    EXPECT_EQ(got.load(), put.load());
}

TEST_P(queue_stress, nobody_is_left_waiting_when_it_is_shut_down) {
    const budget time;
    for (int i = 0; i < 2000 && time.left(); ++i) {
        queue<int> q(GetParam());
        std::atomic<int> put{0};
        std::atomic<int> got{0};
        std::vector<std::thread> group;
        for (int t = 0; t < 2; ++t) {
            group.emplace_back([&] {
                while (q.put(1))
                    if (++put > 1000) break;
            });
            group.emplace_back([&] {
                while (q.get()) ++got;
            });
        }
        while (put.load() < i % 50) std::this_thread::yield();
        q.shutdown();
        for (auto& t : group) t.join();
        ASSERT_EQ(got.load(), put.load());
    }
}
