// SPDX-License-Identifier: BSL-1.0
// map() of several ranges, by the executors of task/.
#include <heddle/task/side_by_side.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <heddle/policy/fcfs.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/task/inline_executor.hpp>
#include <heddle/task/policy_pool.hpp>
#include <heddle/task/thread_pool.hpp>
#include <list>
#include <memory>
#include <ranges>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>
#include "gate.hpp"

using namespace std::chrono_literals;
using heddle::map_options;
using heddle::rt::deadline;

namespace {

struct policed : heddle::policy_pool<heddle::policy::fcfs> {
    policed() : policy_pool(heddle::policy::fcfs(), {.workers = 2}) {}
};

template <class Executor> struct map_side_by_side : ::testing::Test {
    Executor where;
};
using executors = ::testing::Types<heddle::inline_executor, heddle::thread_pool, policed>;
TYPED_TEST_SUITE(map_side_by_side, executors);

const auto minus = [](int a, int b) { return a - b; };

// The items travel by value and only once.
using owned = std::unique_ptr<int>;
std::vector<owned> owned_items(int n) {
    std::vector<owned> items;
    for (int i = 0; i < n; ++i) items.push_back(std::make_unique<int>(i));
    return items;
}

}  // namespace

TYPED_TEST(map_side_by_side, EX01_calls_with_an_item_of_each_and_keeps_the_order) {
    const std::vector<int> a{5, 7, 9};
    const std::list<int> b{1, 2, 3};
    EXPECT_EQ(this->where.map(minus, a, b).get(), (std::vector<int>{4, 5, 6}));
    const std::string c = "xyz";
    const auto text = [](int x, int y, char z) { return std::to_string(x * y) + z; };
    EXPECT_EQ(this->where.map(text, a, b, c).get(), (std::vector<std::string>{"5x", "14y", "27z"}));
}

TYPED_TEST(map_side_by_side, stops_at_the_shortest) {
    const std::vector<int> three{1, 2, 3};
    const std::vector<int> one{1};
    EXPECT_EQ(this->where.map(minus, three, one).get(), (std::vector<int>{0}));
    EXPECT_EQ(this->where.map(minus, one, three).get(), (std::vector<int>{0}));
    EXPECT_EQ(this->where.map(minus, three, std::views::iota(0)).get(), (std::vector<int>{1, 1, 1}));
    for (const map_options& how : {map_options{}, map_options{.in_flight = 2}}) {
        auto results = this->where.map(minus, std::views::iota(10), three, how);
        EXPECT_EQ(std::move(results).get(), (std::vector<int>{9, 9, 9}));
        auto sized = this->where.map(minus, three, one, how);
        EXPECT_EQ(sized.size(), 1U);
    }
}

TYPED_TEST(map_side_by_side, of_nothing_gives_nothing) {
    const std::vector<int> none;
    const std::vector<int> one{1};
    for (const map_options& how : {map_options{}, map_options{.chunk = 3}, map_options{.in_flight = 2}}) {
        EXPECT_TRUE(this->where.map(minus, none, one, how).get().empty());
        EXPECT_TRUE(this->where.map(minus, one, none, how).get().empty());
        EXPECT_TRUE(this->where.map(minus, none, none, how).get().empty());
    }
}

TYPED_TEST(map_side_by_side, options_come_last_also_in_braces) {
    const std::vector<int> a{5, 7, 9};
    const std::vector<int> b{1, 2, 3};
    const std::vector<int> expected{4, 5, 6};
    EXPECT_EQ(this->where.map(minus, a, b, {.chunk = 2}).get(), expected);
    EXPECT_EQ(this->where.map(minus, a, b, {.in_flight = 1}).get(), expected);
    EXPECT_EQ(this->where.map(minus, a, b, {}).get(), expected);
    map_options how{.chunk = 2, .in_flight = 1};
    EXPECT_EQ(this->where.map(minus, a, b, how).get(), expected);
    const auto sum = [](int x, int y, int z) { return x + y + z; };
    EXPECT_EQ(this->where.map(sum, a, b, b, {.chunk = 2}).get(), (std::vector<int>{7, 11, 15}));
    EXPECT_EQ(this->where.map(sum, a, b, b, how).get(), (std::vector<int>{7, 11, 15}));
    // Those of one range are as they were.
    const auto same = [](int x) { return x; };
    EXPECT_EQ(this->where.map(same, a, how).get(), a);
    EXPECT_EQ(this->where.map(same, a, {.chunk = 2}).get(), a);
    EXPECT_EQ(this->where.map(same, a, {}).get(), a);
}

TYPED_TEST(map_side_by_side, moves_items_out_of_what_is_given_away_and_copies_the_others) {
    const auto take = [](owned a, std::string b) { return b + std::to_string(*a); };
    const std::vector<std::string> names{"a", "b", "c"};
    const std::vector<std::string> expected{"a0", "b1", "c2"};
    for (const map_options& how :
         {map_options{}, map_options{.chunk = 2}, map_options{.chunk = 2, .in_flight = 2}}) {
        EXPECT_EQ(this->where.map(take, owned_items(3), names, how).get(), expected);
        EXPECT_EQ(names[2], "c");
    }
    const auto signed_by = [](int a, bool b) { return b ? a : -a; };
    EXPECT_EQ(this->where.map(signed_by, std::vector<int>{1, 2}, std::vector<bool>{true, false}).get(),
              (std::vector<int>{1, -2}));
}

TYPED_TEST(map_side_by_side, with_a_bound_copies_a_container_that_it_is_not_given) {
    std::vector<int> kept{1, 2, 3};
    std::vector<bool> flags{true, false, true};
    auto results = this->where.map([](int a, bool b) { return b ? a : -a; }, kept, flags, {.in_flight = 1});
    kept.clear();
    flags.clear();
    EXPECT_EQ(std::move(results).get(), (std::vector<int>{1, -2, 3}));
}

TYPED_TEST(map_side_by_side, takes_nothing_in_vain_from_a_range_behind_one_that_is_at_its_end) {
    std::istringstream text("1 2 3 4 5");
    auto numbers = std::views::istream<int>(text);
    const std::vector<int> two{10, 20};
    EXPECT_EQ(this->where.map(minus, two, numbers).get(), (std::vector<int>{9, 18}));
    int next = 0;
    text >> next;
    EXPECT_EQ(next, 3);
    auto bounded = this->where.map(minus, std::vector<int>{10}, numbers, {.in_flight = 4});
    text >> next;
    EXPECT_EQ(next, 5);
    EXPECT_EQ(std::move(bounded).get(), (std::vector<int>{6}));
}

TYPED_TEST(map_side_by_side, takes_the_items_of_a_queue) {
    heddle::queue<int> q(4);
    for (int i = 1; i <= 3; ++i) EXPECT_TRUE(q.put(i));
    EXPECT_EQ(this->where.map(minus, std::vector<int>{5, 5}, q.items()).get(), (std::vector<int>{4, 3}));
    EXPECT_EQ(q.size(), 1U);
    EXPECT_FALSE(q.try_join());
    (void)q.get();
    q.task_done();
    EXPECT_TRUE(q.try_join());
}

TYPED_TEST(map_side_by_side, EX01_gives_the_first_error_at_its_position) {
    const auto divide = [](int a, int b) { return b == 0 ? throw std::domain_error("zero") : a / b; };
    auto results = this->where.map(divide, std::vector<int>{6, 6, 6}, std::vector<int>{3, 0, 1});
    auto i = results.begin();
    EXPECT_EQ(*i, 2);
    EXPECT_THROW(*++i, std::domain_error);
    EXPECT_EQ(*++i, 6);
}

TYPED_TEST(map_side_by_side, ends_with_what_a_range_throws) {
    const std::vector<int> a{1, 2, 3};
    auto items = std::views::iota(1, 6) | std::views::transform([](int x) {
                     return x == 2 ? throw std::out_of_range("no second") : x;
                 });
    EXPECT_THROW(this->where.map(minus, a, items), std::out_of_range);
    auto results = this->where.map(minus, a, items, {.in_flight = 1});
    auto i = results.begin();
    EXPECT_EQ(*i, 0);
    EXPECT_THROW(++i, std::out_of_range);
    EXPECT_THROW(*i, std::out_of_range);
}

TYPED_TEST(map_side_by_side, is_refused_after_shutdown) {
    this->where.shutdown();
    const std::vector<int> a{1, 2};
    EXPECT_THROW(this->where.map(minus, a, a), heddle::shutdown_error);
    EXPECT_THROW(this->where.map(minus, a, a, {.in_flight = 1}), heddle::shutdown_error);
}

TEST(map_side_by_side_in_time, EX02_has_the_time_limit_of_the_options) {
    task_tests::gate g;
    heddle::thread_pool pool(1);
    auto results = pool.map(
        [&](int a, int b) {
            if (a == 1) g.pass();
            return a + b;
        },
        std::vector<int>{0, 1}, std::vector<int>{5, 5}, {.until = deadline::after(1ms)});
    EXPECT_FALSE(results.wait());
    EXPECT_THROW(results.get(), heddle::timeout_error);
    g.open();
    pool.shutdown();
    EXPECT_EQ(results.get(), (std::vector<int>{5, 6}));
}
