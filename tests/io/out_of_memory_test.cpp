// SPDX-License-Identifier: BSL-1.0
// What becomes of tasks when an allocation fails, whichever it is: this file replaces operator new for all
// tests here.
#include <gtest/gtest.h>
#include <cstdlib>
#include <heddle/io/gather.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/monitor.hpp>
#include <heddle/task/thread_pool.hpp>
#include <new>
#include <vector>
#include "rt/sanitized.hpp"

using heddle::task;

namespace {

constinit thread_local long allowed = -1;  // how many allocations of this thread may still succeed; -1: all

[[maybe_unused]] bool allow() noexcept {
    if (allowed > 0) --allowed;
    return allowed != 0;
}

// Lets the allocations of this thread fail after the first `n`, as long as it lives.
class shortage {
 public:
    explicit shortage(long n) noexcept { allowed = n + 1; }
    ~shortage() { allowed = -1; }
    shortage(const shortage&) = delete;
    shortage& operator=(const shortage&) = delete;
};

}  // namespace

// The sanitizers bring an operator new of their own, beside which there can be no other.
#if HEDDLE_SANITIZED == 0
[[gnu::noinline]] void* operator new(std::size_t size) {
    void* const p = allow() ? std::malloc(size) : nullptr;
    if (p == nullptr) throw std::bad_alloc();
    return p;
}
[[gnu::noinline]] void operator delete(void* p) noexcept {
    std::free(p);
}
[[gnu::noinline]] void operator delete(void* p, std::size_t) noexcept {
    std::free(p);
}
#endif

namespace {

// Counts those alive, and refers to a variable of the frame that awaits the gather.
task<int> child(int& alive, bool forever) {
    ++alive;
    try {
        for (int i = 0; forever || i < 3; ++i) co_await heddle::yield();
    } catch (const heddle::cancelled&) {
    }
    --alive;
    co_return 1;
}

struct out_of_memory : ::testing::Test {
    void SetUp() override {
        if (HEDDLE_SANITIZED != 0) GTEST_SKIP() << "a sanitizer brings an operator new of its own";
    }
};

// Runs `main(n)` with n = 0, 1, 2 … allocations until one run has enough. @return how many failed.
template <class Main> int failures_until_success(Main main) {
    for (int n = 0; n < 1000; ++n)
        if (heddle::run(main(n))) return n;
    ADD_FAILURE() << "it never succeeds";
    return 0;
}

}  // namespace

TEST_F(out_of_memory, gather_fails_when_nothing_of_what_it_started_is_left) {
    const auto main = [](long n) -> task<bool> {
        int alive = 0;
        std::vector<task<int>> tasks;
        for (int i = 0; i < 3; ++i) tasks.push_back(child(alive, false));
        bool done = false;
        try {
            const shortage here(n);
            done = (co_await gather(std::move(tasks))).size() == 3;
        } catch (const std::bad_alloc&) {
        }
        EXPECT_EQ(alive, 0);
        co_return done;
    };
    EXPECT_GT(failures_until_success(main), 5);
}

TEST_F(out_of_memory, gather_of_arguments_fails_when_nothing_of_what_it_started_is_left) {
    const auto main = [](long n) -> task<bool> {
        int alive = 0;
        auto a = child(alive, false);
        auto b = child(alive, false);
        bool done = false;
        try {
            const shortage here(n);
            const auto [x, y] = co_await gather(std::move(a), std::move(b));
            done = x + y == 2;
        } catch (const std::bad_alloc&) {
        }
        EXPECT_EQ(alive, 0);
        co_return done;
    };
    EXPECT_GT(failures_until_success(main), 5);
}

TEST_F(out_of_memory, spawn_throws_it_and_starts_nothing) {
    const auto main = [](long n) -> task<bool> {
        int alive = 0;
        auto t = child(alive, true);
        heddle::future<int> f;
        try {
            const shortage here(n);
            f = heddle::spawn(std::move(t));
            co_await heddle::yield();  // it starts without needing memory
            EXPECT_EQ(alive, 1);
        } catch (const std::bad_alloc&) {
        }
        if (f.valid()) {
            f.request_stop();
            EXPECT_EQ(co_await f, 1);
        }
        EXPECT_EQ(alive, 0);
        co_return f.valid();
    };
    EXPECT_GT(failures_until_success(main), 1);
}

TEST_F(out_of_memory, a_wait_with_a_limit_that_cannot_begin_leaves_the_fiber_free_to_move) {
    heddle::thread_pool pool(1);
    pool.submit([] {
            const auto& me = *heddle::rt::fiber_task::current();
            const bool before = me.pinned();
            heddle::event never;
            bool failed = false;
            try {
                const shortage here(0);
                (void)never.wait_for(std::chrono::milliseconds(1));
            } catch (const std::bad_alloc&) {
                failed = true;
            }
            EXPECT_TRUE(failed);
            EXPECT_EQ(me.pinned(), before);
        })
        .get();
}

TEST_F(out_of_memory, a_wait_at_a_monitor_that_cannot_begin_leaves_nobody_in_its_queue) {
    heddle::thread_pool pool(1);
    pool.submit([] {
            heddle::monitor<int> n(0);
            bool failed = false;
            try {
                const shortage here(0);
                n.when([](const int& v) { return v == 1; }).with_for(std::chrono::hours(1), [](int&) {});
            } catch (const std::bad_alloc&) {
                failed = true;
            }
            EXPECT_TRUE(failed);
            n.with([](int& v) { v = 1; });
            EXPECT_EQ(n.copy(), 1);
        })
        .get();
}
