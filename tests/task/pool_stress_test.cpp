// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <atomic>
#include <heddle/rt/clock.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/wait.hpp>
#include <memory>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using heddle::future;
using heddle::future_status;
using heddle::promise;
using heddle::thread_pool;

namespace {

class budget {
 public:
    bool left() const { return heddle::rt::clock::now() < end_; }

 private:
    heddle::rt::clock::time_point end_ = heddle::rt::clock::now() + 2s;
};

}  // namespace

TEST(pool_stress, tasks_from_many_threads_all_run_once) {
    thread_pool pool(3);
    std::atomic<long> ran{0};
    constexpr int each = 20'000;
    std::vector<std::thread> group;
    for (int t = 0; t < 3; ++t)
        group.emplace_back([&] {
            for (int i = 0; i < each; ++i) pool.post([&] { ran.fetch_add(1, std::memory_order_relaxed); });
        });
    for (auto& t : group) t.join();
    pool.shutdown();
    EXPECT_EQ(ran, 3 * each);
}

TEST(pool_stress, submit_and_get_one_after_another_misses_no_wakeup) {
    thread_pool pool(2);
    const budget time;
    for (int i = 0; i < 50'000 && time.left(); ++i) ASSERT_EQ(pool.submit([i] { return i; }).get(), i);
}

TEST(pool_stress, of_cancel_and_start_one_wins) {
    thread_pool pool(2);
    const budget time;
    for (int i = 0; i < 20'000 && time.left(); ++i) {
        std::atomic<bool> ran{false};
        auto f = pool.submit([&] { ran = true; });
        const bool withdrawn = f.cancel();
        f.wait();
        if (withdrawn) {
            EXPECT_EQ(f.status(), future_status::cancelled);
            EXPECT_FALSE(ran);
        } else {
            f.get();
            EXPECT_TRUE(ran);
        }
        pool.submit([] {}).get();
    }
}

TEST(pool_stress, of_two_cancels_and_a_set_value_one_wins_and_callbacks_run_once) {
    thread_pool pool(2);
    const budget time;
    for (int i = 0; i < 10'000 && time.left(); ++i) {
        promise<int> p;
        auto f = p.get_future();
        std::atomic<int> called{0};
        f.on_done([&](const future<int>&) { called.fetch_add(1); });
        auto a = pool.submit([f] { return f.cancel(); });
        auto b = pool.submit([f] { return f.cancel(); });
        bool set = true;
        try {
            p.set_value(1);
        } catch (const heddle::invalid_state&) {
            set = false;
        }
        const bool by_a = a.get();
        const bool by_b = b.get();
        EXPECT_NE(by_a || by_b, set);
        EXPECT_EQ(called, 1);
    }
}

TEST(pool_stress, request_stop_and_the_end_of_the_task_may_meet) {
    thread_pool pool(2);
    const budget time;
    for (int i = 0; i < 20'000 && time.left(); ++i) {
        promise<> p;
        auto f = pool.submit([g = p.get_future()] { g.get(); });
        auto setter = pool.submit([&] { p.set_value(); });
        f.request_stop();
        try {
            f.get();
        } catch (const heddle::cancelled&) {
        }
        setter.get();
    }
}

TEST(pool_stress, pools_come_and_go_with_work_in_them) {
    const budget time;
    for (int i = 0; i < 500 && time.left(); ++i) {
        std::atomic<int> ran{0};
        {
            thread_pool pool(2);
            for (int k = 0; k < 20; ++k) pool.post([&] { ran.fetch_add(1); });
        }
        ASSERT_EQ(ran, 20);
    }
}

TEST(pool_stress, as_completed_sees_every_future_once_while_they_finish) {
    thread_pool pool(3);
    const budget time;
    for (int round = 0; round < 300 && time.left(); ++round) {
        std::vector<future<int>> all;
        for (int i = 0; i < 50; ++i) all.push_back(pool.submit([i] { return i; }));
        int sum = 0;
        for (const auto& f : heddle::as_completed(all)) sum += f.get();
        ASSERT_EQ(sum, 49 * 50 / 2);
    }
}
