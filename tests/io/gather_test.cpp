// SPDX-License-Identifier: BSL-1.0
#include <heddle/io/gather.hpp>

#include <gtest/gtest.h>
#include <heddle/io/sleep.hpp>
#include <heddle/task/thread_pool.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <tuple>
#include <vector>

using namespace std::chrono_literals;
using heddle::gather;
using heddle::task;
using heddle::rt::deadline;

namespace {

task<int> after_turns(int turns, int result) {
    for (int i = 0; i < turns; ++i) co_await heddle::yield();
    co_return result;
}

task<int> fails_after(int turns, const char* what) {
    for (int i = 0; i < turns; ++i) co_await heddle::yield();
    throw std::runtime_error(what);
}

}  // namespace

TEST(gather, AG01_keeps_the_order_of_its_arguments_whatever_the_order_of_completion) {
    const auto main = []() -> task<std::vector<int>> {
        std::vector<task<int>> all;
        for (int i = 0; i < 5; ++i) all.push_back(after_turns(10 - i, i));
        co_return co_await gather(std::move(all));
    };
    EXPECT_EQ(heddle::run(main()), (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST(gather, takes_tasks_of_different_types) {
    const auto text = []() -> task<std::string> { co_return "two"; };
    const auto nothing = []() -> task<> { co_return; };
    const auto main = [&]() -> task<> {
        auto [a, b, c] = co_await gather(after_turns(3, 1), text(), nothing());
        EXPECT_EQ(a, 1);
        EXPECT_EQ(b, "two");
        EXPECT_EQ(c, std::monostate());
    };
    heddle::run(main());
}

TEST(gather, of_nothing_is_done_at_once) {
    const auto main = []() -> task<std::size_t> {
        co_await gather(std::vector<task<>>{});
        co_await gather();
        co_return (co_await gather(std::vector<task<int>>{})).size();
    };
    EXPECT_EQ(heddle::run(main()), 0U);
}

TEST(gather, AG01_throws_the_first_failure_when_the_others_have_run_to_their_end) {
    int ended = 0;
    const auto slow = [&]() -> task<int> {
        for (int i = 0; i < 20; ++i) co_await heddle::yield();
        co_return ++ended;
    };
    const auto main = [&]() -> task<std::string> {
        try {
            co_await gather(slow(), fails_after(5, "second"), fails_after(2, "first"), slow());
        } catch (const std::runtime_error& e) {
            EXPECT_EQ(ended, 2);
            co_return e.what();
        }
        co_return "none";
    };
    EXPECT_EQ(heddle::run(main()), "first");
}

TEST(gather, of_tasks_that_give_nothing_throws_the_first_failure_too) {
    bool ended = false;
    const auto slow = [&]() -> task<> {
        for (int i = 0; i < 20; ++i) co_await heddle::yield();
        ended = true;
    };
    const auto bad = []() -> task<> {
        throw std::runtime_error("bad");
        co_return;
    };
    const auto main = [&]() -> task<> {
        std::vector<task<>> all;
        all.push_back(slow());
        all.push_back(bad());
        co_await gather(std::move(all));
    };
    EXPECT_THROW(heddle::run(main()), std::runtime_error);
    EXPECT_TRUE(ended);
}

TEST(gather, AG02_asked_to_stop_asks_all_its_tasks_and_ends_after_them) {
    int stopped = 0;
    int ended = 0;
    const auto child = [&]() -> task<> {
        try {
            co_await heddle::sleep_until(deadline::never());
        } catch (const heddle::cancelled&) {
            ++stopped;
        }
        for (int i = 0; i < 3; ++i) co_await heddle::yield();  // cleaning up takes a while
        ++ended;
    };
    const auto parent = [&]() -> task<> {
        std::vector<task<>> all;
        for (int i = 0; i < 3; ++i) all.push_back(child());
        co_await gather(std::move(all));
    };
    const auto main = [&]() -> task<> {
        auto f = heddle::spawn(parent());
        for (int i = 0; i < 3; ++i) co_await heddle::yield();
        f.request_stop();
        bool thrown = false;
        try {
            co_await f;
        } catch (const heddle::cancelled&) {
            thrown = true;
        }
        EXPECT_TRUE(thrown);
        EXPECT_EQ(stopped, 3);
        EXPECT_EQ(ended, 3);
    };
    heddle::run(main());
}

TEST(gather, of_a_child_that_stops_by_itself_throws_cancelled_and_stops_nobody_else) {
    bool ended = false;
    const auto quitter = []() -> task<> {
        throw heddle::cancelled();
        co_return;
    };
    const auto other = [&]() -> task<> {
        for (int i = 0; i < 10; ++i) co_await heddle::yield();
        ended = true;
    };
    const auto main = [&]() -> task<> { co_await gather(quitter(), other()); };
    EXPECT_THROW(heddle::run(main()), heddle::cancelled);
    EXPECT_TRUE(ended);
}

TEST(gather, its_tasks_may_use_the_callers_variables_and_a_pool) {
    heddle::thread_pool pool(2);
    const auto main = [&]() -> task<int> {
        int sum = 0;
        const auto child = [&](int x) -> task<> { sum += co_await pool.submit([x] { return x; }); };
        std::vector<task<>> all;
        for (int i = 0; i < 50; ++i) all.push_back(child(i));
        co_await gather(std::move(all));
        co_return sum;
    };
    EXPECT_EQ(heddle::run(main()), 1225);
}

// A task that holds nothing stands for one that cannot be started for want of memory.
TEST(gather, that_cannot_start_a_task_is_over_when_those_it_has_started_are) {
    const auto held = std::make_shared<int>(0);
    bool ran = false;
    const auto child = [&ran](std::shared_ptr<int>) -> task<> {
        ran = true;
        co_await heddle::sleep_until(deadline::never());
    };
    const auto in_a_vector = [&]() -> task<> {
        std::vector<task<>> all;
        all.push_back(child(held));
        all.push_back(child(held));
        all.emplace_back();
        all.push_back(child(held));
        co_await gather(std::move(all));
    };
    const auto of_numbers = [&]() -> task<> {
        std::vector<task<int>> all;
        all.push_back([](std::shared_ptr<int> p) -> task<int> { co_return *p; }(held));
        all.emplace_back();
        co_await gather(std::move(all));
    };
    const auto as_arguments = [&]() -> task<> {
        co_await gather(child(held), child(held), task<int>(), child(held));
    };
    const auto main = [&](task<> refused) -> task<> {
        try {
            co_await std::move(refused);
            ADD_FAILURE() << "it was not refused";
        } catch (const heddle::invalid_state&) {
            EXPECT_EQ(held.use_count(), 1);
        }
    };
    heddle::run(main(in_a_vector()));
    heddle::run(main(of_numbers()));
    heddle::run(main(as_arguments()));
    EXPECT_FALSE(ran);  // asked to stop before their first step
}
