// SPDX-License-Identifier: BSL-1.0
// Futures in coroutines. That they can be awaited belongs to task/; what resumes the coroutine is here.
#include <gtest/gtest.h>
#include <atomic>
#include <functional>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/task/future.hpp>
#include <heddle/task/inline_executor.hpp>
#include <heddle/task/map_reduce.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/wait.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using heddle::future;
using heddle::promise;
using heddle::task;
using heddle::thread_pool;
using heddle::rt::deadline;

TEST(awaited_future, may_be_completed_by_a_pool_and_resumes_on_its_own_worker) {
    thread_pool pool(2);
    const auto main = [&]() -> task<int> {
        const auto home = std::this_thread::get_id();
        int sum = 0;
        for (int i = 0; i < 100; ++i) {
            sum += co_await pool.submit([i] { return i; });
            EXPECT_EQ(std::this_thread::get_id(), home);
        }
        co_return sum;
    };
    EXPECT_EQ(heddle::run(main()), 4950);
}

TEST(awaited_future, gives_a_reference_and_a_temporary_is_moved_out_of) {
    thread_pool pool(1);
    const auto main = [&]() -> task<> {
        const auto f = pool.submit([] { return std::string("kept"); });
        EXPECT_EQ(co_await f, "kept");
        EXPECT_EQ(co_await f, "kept");
        auto p = co_await pool.submit([] { return std::make_unique<int>(6); });
        EXPECT_EQ(*p, 6);
    };
    heddle::run(main());
}

TEST(awaited_future, throws_what_was_thrown) {
    thread_pool pool(1);
    const auto main = [&]() -> task<> { co_await pool.submit([] { throw std::runtime_error("pool"); }); };
    EXPECT_THROW(heddle::run(main()), std::runtime_error);
}

TEST(awaited_future, is_a_point_of_cancellation_and_loses_nothing) {
    promise<int> p;
    auto f = p.get_future();
    const auto waiter = [](future<int> g) -> task<> { co_await g; };
    const auto main = [&]() -> task<> {
        auto w = heddle::spawn(waiter(f));
        co_await heddle::yield();
        w.request_stop();
        bool thrown = false;
        try {
            co_await w;
        } catch (const heddle::cancelled&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        p.set_value(1);
        EXPECT_EQ(co_await f, 1);
    };
    heddle::run(main());
}

TEST(awaited_future, is_waited_for_and_its_result_awaited_by_name) {
    thread_pool pool(1);
    const auto main = [&]() -> task<> {
        const auto f = pool.submit([] { return std::string("kept"); });
        co_await f.async_wait();
        EXPECT_TRUE(f.done());
        EXPECT_EQ(co_await f.async_get(), "kept");
        EXPECT_TRUE(co_await f.async_wait(deadline::after(-1s)));
        EXPECT_EQ(&co_await f.async_get(deadline::never()), &f.get());
        auto moved = co_await pool.submit([] { return std::make_unique<int>(6); }).async_get();
        EXPECT_EQ(*moved, 6);
        co_await pool.submit([] {}).async_get();
        co_await pool.submit([] {}).async_get(deadline::never());
    };
    heddle::run(main());
}

TEST(awaited_future, that_is_not_done_in_time_says_so_and_is_unchanged) {
    promise<int> p;
    auto f = p.get_future();
    const auto main = [&]() -> task<> {
        EXPECT_FALSE(co_await f.async_wait(deadline::after(1ms)));
        EXPECT_FALSE(co_await f.async_wait(deadline::after(-1s)));
        bool late = false;
        try {
            (void)co_await f.async_get(deadline::after(1ms));
        } catch (const heddle::timeout_error&) {
            late = true;
        }
        EXPECT_TRUE(late);
        late = false;
        try {
            (void)co_await f.async_exception(deadline::after(1ms));
        } catch (const heddle::timeout_error&) {
            late = true;
        }
        EXPECT_TRUE(late);
        p.set_value(1);
        EXPECT_EQ(co_await f.async_exception(deadline::after(-1s)), nullptr);
        EXPECT_TRUE(co_await f.async_wait(deadline::after(-1s)));
        EXPECT_EQ(co_await f.async_get(deadline::after(-1s)), 1);
    };
    heddle::run(main());
}

TEST(awaited_future, that_is_done_before_its_deadline_resumes_who_waits) {
    promise<int> p;
    const auto f = p.get_future();
    const auto main = [&]() -> task<> {
        const auto sets = [&]() -> task<> {
            p.set_value(2);
            co_return;
        };
        const auto setting = heddle::spawn(sets());
        EXPECT_TRUE(co_await f.async_wait(deadline::after(1h)));
        EXPECT_EQ(co_await f.async_get(deadline::after(1h)), 2);
        co_await setting;
    };
    heddle::run(main());
}

TEST(awaited_future, that_fails_or_is_withdrawn_is_waited_for_and_throws_to_who_wants_its_result) {
    promise<int> failing;
    promise<int> withdrawn;
    const auto failed = failing.get_future();
    const auto main = [&]() -> task<> {
        failing.set_exception(std::make_exception_ptr(std::runtime_error("no")));
        withdrawn.get_future().cancel();
        co_await failed.async_wait();
        EXPECT_TRUE(co_await withdrawn.get_future().async_wait(deadline::never()));
        std::string thrown;
        try {
            (void)co_await failed.async_get(deadline::never());
        } catch (const std::runtime_error& e) {
            thrown += e.what();
        }
        try {
            (void)co_await withdrawn.get_future().async_get();
        } catch (const heddle::cancelled&) {
            thrown += " cancelled";
        }
        EXPECT_EQ(thrown, "no cancelled");
        EXPECT_NE(co_await failed.async_exception(), nullptr);
        bool was_cancelled = false;
        try {
            (void)co_await withdrawn.get_future().async_exception();
        } catch (const heddle::cancelled&) {
            was_cancelled = true;
        }
        EXPECT_TRUE(was_cancelled);
    };
    heddle::run(main());
}

TEST(awaited_future, a_wait_that_is_cancelled_leaves_the_handle_as_it_was) {
    promise<int> p;
    auto f = p.get_future();
    const auto ways = {
        +[](future<int>& g) -> task<> { co_await std::move(g); },
        +[](future<int>& g) -> task<> { co_await std::move(g).async_get(); },
        +[](future<int>& g) -> task<> { co_await g.async_get(); },
        +[](future<int>& g) -> task<> { co_await g.async_get(deadline::after(1h)); },
        +[](future<int>& g) -> task<> { co_await g.async_wait(); },
        +[](future<int>& g) -> task<> { co_await g.async_wait(deadline::after(1h)); },
    };
    const auto main = [&]() -> task<> {
        for (const auto way : ways) {
            const auto w = heddle::spawn(way(f));
            co_await heddle::yield();
            EXPECT_FALSE(w.done());
            w.request_stop();
            co_await w.async_wait();
            EXPECT_THROW(w.get(), heddle::cancelled);
            EXPECT_TRUE(f.valid());
        }
        p.set_value(1);
        EXPECT_EQ(co_await std::move(f).async_get(), 1);
        EXPECT_FALSE(f.valid());  // NOLINT(bugprone-use-after-move)
    };
    heddle::run(main());
}

TEST(awaited_future, one_that_is_moved_from_while_it_is_awaited_is_nobody_elses) {
    promise<int> p;
    auto f = p.get_future();
    const auto taken = [](future<int>& g) -> task<int> { co_return co_await std::move(g); };
    const auto main = [&]() -> task<> {
        const auto first = heddle::spawn(taken(f));
        co_await heddle::yield();
        const auto second = heddle::spawn(taken(f));
        co_await second.async_wait();
        EXPECT_THROW((void)second.get(), heddle::invalid_state);
        p.set_value(3);
        EXPECT_EQ(co_await first, 3);
    };
    heddle::run(main());
}

TEST(awaited_future, the_handle_that_is_moved_from_may_go_away_while_it_is_awaited) {
    promise<int> p;
    std::vector<future<int>> all;
    all.push_back(p.get_future());
    const auto main = [&]() -> task<> {
        const auto waits = heddle::spawn(
            [](std::vector<future<int>>& v) -> task<int> { co_return co_await std::move(v[0]); }(all));
        co_await heddle::yield();
        all = {};
        p.set_value(7);
        EXPECT_EQ(co_await waits, 7);
    };
    heddle::run(main());
}

TEST(awaited_future, that_has_been_put_off_by_callbacks_on_this_stack_is_called_by_who_awaits_it) {
    constexpr int depth = 30;
    std::vector<promise<int>> promises(depth + 1);
    int reached = 0;
    const auto await = [](future<int> f) -> task<bool> {
        co_return co_await f.async_wait(deadline::after(10s));
    };
    for (int i = 0; i < depth; ++i)
        promises[static_cast<std::size_t>(i)].get_future().on_done([&, i](const future<int>&) {
            auto& next = promises[static_cast<std::size_t>(i) + 1];
            heddle::inline_executor here;
            const auto after = next.get_future().then(here, [](const future<int>& f) { return f.get() + 1; });
            next.set_value(i);
            if (i < depth - 1) {
                EXPECT_EQ(after.get(), i + 1);
            } else {
                EXPECT_TRUE(heddle::run(await(after)));
            }
            ++reached;
        });
    promises[0].set_value(0);
    EXPECT_EQ(reached, depth);
}

TEST(awaited_future, may_be_awaited_by_many) {
    promise<int> p;
    int sum = 0;
    const auto waiter = [&]() -> task<> { sum += co_await p.get_future(); };
    const auto main = [&]() -> task<> {
        std::vector<future<>> all;
        for (int i = 0; i < 100; ++i) all.push_back(heddle::spawn(waiter()));
        co_await heddle::yield();
        std::thread([&] { p.set_value(2); }).join();
        for (auto& f : all) co_await f;
    };
    heddle::run(main());
    EXPECT_EQ(sum, 200);
}

TEST(awaited_future, is_not_resumed_by_a_late_unpark_of_what_was_at_its_address_before) {
    promise<int> p;
    const auto f = p.get_future();
    const auto main = [&]() -> task<> {
        auto waiter = heddle::spawn([](future<int> g) -> task<int> { co_return co_await g; }(f));
        co_await heddle::yield();
        const auto* at = static_cast<const char*>(heddle::detail::future_access::state(f)->address());
        EXPECT_EQ(heddle::rt::parking_lot::count(at), 1U);
        for (const char* word = at - 65; word < at + 64; word += 4) heddle::rt::parking_lot::unpark_all(word);
        co_await heddle::yield();
        EXPECT_FALSE(waiter.done());
        p.set_value(3);
        EXPECT_EQ(co_await waiter, 3);
    };
    heddle::run(main());
}

TEST(awaited_future, AX01_as_completed_gives_them_to_a_coroutine_in_the_order_of_completion) {
    std::vector<promise<int>> all(3);
    std::vector<future<int>> futures;
    for (const auto& p : all) futures.push_back(p.get_future());
    const auto main = [&]() -> task<std::string> {
        auto range = heddle::as_completed(futures);
        all[1].set_value(1);
        std::thread others([&] {
            all[2].set_value(2);
            all[0].set_value(0);
        });
        std::string order;
        while (const auto f = co_await range.async_next()) order += std::to_string(f->get());
        others.join();
        co_return order;
    };
    EXPECT_EQ(heddle::run(main()), "120");
}

TEST(awaited_future, AX01_as_completed_in_a_coroutine_throws_when_its_time_is_up) {
    promise<int> done;
    promise<int> late;
    done.set_value(1);
    const std::vector both{done.get_future(), late.get_future()};
    const auto main = [&]() -> task<int> {
        auto range = heddle::as_completed_for(both, std::chrono::milliseconds(1));
        int sum = (co_await range.async_next())->get();
        try {
            (void)co_await range.async_next();
        } catch (const heddle::timeout_error& e) {
            EXPECT_STREQ(e.what(), "1 (of 2) futures unfinished");
            sum += 10;
        }
        late.set_value(100);
        co_return sum + (co_await range.async_next())->get();
    };
    EXPECT_EQ(heddle::run(main()), 111);
}

TEST(awaited_future, several_are_awaited_until_enough_of_them_are_done) {
    using heddle::wait_mode;
    std::vector<promise<int>> all(3);
    std::vector<future<int>> futures;
    for (const auto& p : all) futures.push_back(p.get_future());
    const std::vector second{futures[1]};
    const std::vector third{futures[2]};
    const std::vector others{futures[0], futures[1]};
    const auto main = [&]() -> task<> {
        const auto soon = heddle::rt::deadline::after(std::chrono::milliseconds(1));
        EXPECT_TRUE((co_await heddle::async_wait(futures, wait_mode::all, soon)).done.empty());
        all[2].set_value(2);
        const auto first = co_await heddle::async_wait(futures, wait_mode::first_completed);
        EXPECT_EQ(first.done, third);
        EXPECT_EQ(first.not_done, others);
        std::thread fails([&] { all[0].set_exception(std::make_exception_ptr(std::runtime_error("no"))); });
        const auto until_one_fails = co_await heddle::async_wait(futures, wait_mode::first_exception);
        EXPECT_EQ(until_one_fails.not_done, second);
        fails.join();
        std::thread last([&] { all[1].set_value(1); });
        EXPECT_TRUE((co_await heddle::async_wait(futures)).not_done.empty());
        last.join();
    };
    heddle::run(main());
    EXPECT_THROW(futures[0].get(), std::runtime_error);
}

TEST(awaited_future, a_coroutine_maps_and_reduces) {
    thread_pool pool(2);
    const std::vector<int> items{1, 2, 3, 4, 5};
    const auto main = [&]() -> task<> {
        const auto square = [](int x) { return x * x; };
        const int sum = co_await heddle::async_map_reduce(pool, items, square, std::plus<>());
        EXPECT_EQ(sum, 55);
        bool refused = false;
        try {
            (void)co_await heddle::async_map_reduce(pool, std::vector<int>{}, square, std::plus<>());
        } catch (const std::invalid_argument&) {
            refused = true;
        }
        EXPECT_TRUE(refused);
    };
    heddle::run(main());
}
