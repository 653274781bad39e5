// SPDX-License-Identifier: BSL-1.0
// A wait of a coroutine allocates nothing: it is kept in the frame, which is there already. This file
// replaces operator new for all tests here.
#include <gtest/gtest.h>
#include <array>
#include <atomic>
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/channel.hpp>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <heddle/sync/spsc_queue.hpp>
#include <thread>
#include "coroutines.hpp"
#include "queues.hpp"
#include "rt/counted_new.hpp"

namespace {

using heddle::task;
using sync_tests::coroutines;
using sync_tests::run_coroutines;

// The rounds in which what is only made once is made, and those that are counted.
constexpr int warm_up = 10;
constexpr int counted_rounds = 500;

/// Looks at the count when all are past the rounds before, and when all are past those that are counted: the
/// coroutines and their frames are there all the time. Each begins a round by
///
///     if (count.due(round)) (void)co_await count.together();
///     if (counting::over(round)) break;
class counting {
 public:
    explicit counting(std::size_t parties)
        : all_(parties, {.action = [this] { seen_.at(next_++) = allocations; }}) {}
    bool due(int round) const { return round == warm_up || round == warm_up + counted_rounds; }
    auto together() { return all_.async_wait(); }
    static bool over(int round) { return round == warm_up + counted_rounds; }
    long result() const { return seen_[1] - seen_[0]; }

 private:
    std::array<long, 2> seen_{};
    std::size_t next_ = 0;
    heddle::barrier all_;
};

struct by {
    const char* name;
    void (*run)(coroutines);
};
void of_one_loop(coroutines work) {
    run_coroutines(std::move(work));
}
/// The first of them on another thread, so that who is woken is so from there.
void of_two_loops(coroutines work) {
    coroutines first{work.front()};
    work.erase(work.begin());
    std::thread other([&] { run_coroutines(std::move(first)); });
    run_coroutines(std::move(work));
    other.join();
}

struct waiting_coroutines : ::testing::TestWithParam<by> {
    void SetUp() override {
        if (HEDDLE_SANITIZED != 0) GTEST_SKIP() << "a sanitizer brings an operator new of its own";
    }
    static void run(coroutines work) { GetParam().run(std::move(work)); }

    template <class Lock> static void contend() {
        Lock lock;
        counting count(3);
        std::atomic<int> waited{0};
        run(coroutines(3, [&]() -> task<> {
            for (int round = 0;; ++round) {
                if (count.due(round)) (void)co_await count.together();
                if (counting::over(round)) break;
                co_await lock.async_lock();
                // Of the others of this loop each gets as far as the lock meanwhile.
                for (int i = 0; i < 3; ++i) co_await heddle::yield();
                if (heddle::rt::parking_lot::count(&lock) != 0) ++waited;
                lock.unlock();
            }
        }));
        EXPECT_EQ(count.result(), 0);
        EXPECT_GT(waited, 0);
    }

    /// Two that put and two that get, with room for one item.
    template <class Queue> static void fill_and_empty(std::size_t room) {
        Queue q(room);
        counting count(4);
        const auto put = [&]() -> task<> {
            for (int round = 0;; ++round) {
                if (count.due(round)) (void)co_await count.together();
                if (counting::over(round)) break;
                (void)co_await q.async_put(round);
                if (round % 3 == 0) co_await heddle::yield();
            }
        };
        const auto get = [&]() -> task<> {
            for (int round = 0;; ++round) {
                if (count.due(round)) (void)co_await count.together();
                if (counting::over(round)) break;
                (void)co_await q.async_get();
                if (round % 2 == 0) co_await heddle::yield();
            }
        };
        run({put, get, put, get});
        EXPECT_EQ(count.result(), 0);
    }
};

TEST_P(waiting_coroutines, allocate_nothing_at_a_contended_lock) {
    contend<heddle::mutex>();
    contend<heddle::recursive_mutex>();
    contend<heddle::fair_mutex>();
    contend<heddle::priority_mutex>();
    contend<heddle::shared_mutex>();
}

TEST_P(waiting_coroutines, allocate_nothing_at_a_full_or_empty_queue) {
    fill_and_empty<heddle::queue<int>>(1);
    fill_and_empty<heddle::lifo_queue<int>>(1);
    fill_and_empty<heddle::priority_queue<int>>(1);
    fill_and_empty<heddle::queue<int>>(heddle::unbounded);
}

TEST_P(waiting_coroutines, allocate_nothing_at_an_spsc_queue) {
    heddle::spsc_queue<int> q(1);
    counting count(2);
    run({[&]() -> task<> {
             for (int round = 0;; ++round) {
                 if (count.due(round)) (void)co_await count.together();
                 if (counting::over(round)) break;
                 (void)co_await q.async_put(round);
             }
         },
         [&]() -> task<> {
             for (int round = 0;; ++round) {
                 if (count.due(round)) (void)co_await count.together();
                 if (counting::over(round)) break;
                 (void)co_await q.async_get();
             }
         }});
    EXPECT_EQ(count.result(), 0);
}

TEST_P(waiting_coroutines, allocate_nothing_at_a_channel) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{1}}) {
        auto [out, in] = heddle::channel<int>(capacity);
        counting count(2);
        run({[&, &out = out]() -> task<> {
                 for (int round = 0;; ++round) {
                     if (count.due(round)) (void)co_await count.together();
                     if (counting::over(round)) break;
                     (void)co_await out.async_send(round);
                 }
             },
             [&, &in = in]() -> task<> {
                 for (int round = 0;; ++round) {
                     if (count.due(round)) (void)co_await count.together();
                     if (counting::over(round)) break;
                     (void)co_await in.async_receive();
                 }
             }});
        EXPECT_EQ(count.result(), 0) << "capacity " << capacity;
    }
}

TEST_P(waiting_coroutines, allocate_nothing_at_a_semaphore_and_at_a_condition) {
    heddle::semaphore permits(1);
    heddle::mutex lock;
    heddle::condition changed(lock);
    int turn = 0;
    counting count(2);
    const auto go = [&](int me) -> task<> {
        for (int round = 0;; ++round) {
            if (count.due(round)) (void)co_await count.together();
            if (counting::over(round)) break;
            co_await permits.async_acquire();
            co_await heddle::yield();
            permits.release();
            co_await lock.async_lock();
            co_await changed.async_wait([&] { return turn == me; });
            turn = 1 - me;
            changed.notify_one();
            lock.unlock();
        }
    };
    run({[&] { return go(0); }, [&] { return go(1); }});
    EXPECT_EQ(count.result(), 0);
}

// Otherwise the tests above would see nothing.
TEST_P(waiting_coroutines, that_allocate_are_seen) {
    counting count(2);
    run(coroutines(2, [&]() -> task<> {
        for (int round = 0;; ++round) {
            if (count.due(round)) (void)co_await count.together();
            if (counting::over(round)) break;
            co_await []() -> task<> { co_return; }();
        }
    }));
    EXPECT_GE(count.result(), counted_rounds);
}

INSTANTIATE_TEST_SUITE_P(by, waiting_coroutines,
                         ::testing::Values(by{"one_loop", of_one_loop}, by{"two_loops", of_two_loops}),
                         [](const auto& one) -> std::string { return one.param.name; });

}  // namespace
