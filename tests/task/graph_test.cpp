// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/graph.hpp>

#include <gtest/gtest.h>
#include <atomic>
#include <heddle/rt/error.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/task/inline_executor.hpp>
#include <heddle/task/map_reduce.hpp>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using heddle::graph;
using heddle::inline_executor;
using heddle::map_reduce;
using heddle::map_reduce_by_key;
using heddle::thread_pool;

TEST(graph, runs_each_task_after_those_before_it_again_and_again) {
    thread_pool pool(2);
    graph g;
    std::atomic<int> a{0};
    std::atomic<int> b{0};
    std::atomic<int> sum{0};
    auto& first = g.add([&] { a = b = 1; }, "first");
    auto& left = g.add([&] { a.fetch_add(10); });
    auto& right = g.add([&] { b.fetch_add(100); });
    auto& last = g.add([&] { sum = a + b; }, "last");
    first.before(left, right);
    last.after(left, right);
    for (int i = 0; i < 20; ++i) {
        sum = 0;
        g.run(pool);
        EXPECT_EQ(sum, 112);
    }
    g.submit(pool).get();
    EXPECT_EQ(sum, 112);
    EXPECT_EQ(g.size(), 4U);
}

TEST(graph, refuses_an_order_between_tasks_of_different_graphs) {
    graph one;
    graph other;
    auto& a = one.add([] {}, "a");
    other.add([] {});
    auto& b = other.add([] {}, "b");
    EXPECT_THROW(a.after(b), std::invalid_argument);
    EXPECT_THROW(a.before(b), std::invalid_argument);
    thread_pool pool(1);
    one.run(pool);
    other.run(pool);
}

TEST(graph, names_a_cycle_before_anything_runs) {
    thread_pool pool(1);
    graph g;
    bool ran = false;
    g.add([&] { ran = true; });
    auto& a = g.add([] {}, "a");
    auto& b = g.add([] {}, "b");
    a.after(b);
    b.after(a);
    try {
        g.run(pool);
        ADD_FAILURE() << "it ran";
    } catch (const heddle::invalid_state& e) {
        const std::string what = e.what();
        EXPECT_TRUE(what.ends_with("a → b → a") || what.ends_with("b → a → b")) << what;
    }
    EXPECT_FALSE(ran);
}

TEST(graph, a_failure_is_thrown_and_leaves_out_what_depends_on_it) {
    thread_pool pool(2);
    graph g;
    bool ran = false;
    auto& bad = g.add([] { throw std::domain_error("bad"); });
    g.add([&] { ran = true; }).after(bad);
    EXPECT_THROW(g.run(pool), std::domain_error);
    EXPECT_FALSE(ran);
}

// It could not be asked to stop, because it came into the group after that, and might have waited for ever.
TEST(graph, a_failure_leaves_out_what_has_not_begun_whatever_it_comes_after) {
    thread_pool pool(2);
    heddle::event begun;
    bool asked = false;
    bool after = false;
    graph g;
    auto& waits = g.add([&] {
        begun.set();
        try {
            heddle::rt::sleep_until(heddle::rt::deadline::never());
        } catch (const heddle::cancelled&) {
            asked = true;  // and the task ends well
        }
    });
    g.add([&] { after = true; }).after(waits);
    g.add([&] {
        begun.wait();
        throw std::domain_error("bad");
    });
    EXPECT_THROW(g.run(pool), std::domain_error);
    EXPECT_TRUE(asked);
    EXPECT_FALSE(after);
}

TEST(graph, a_request_to_stop_reaches_the_tasks_that_run_and_what_comes_after_them_is_left_out) {
    thread_pool pool(2);
    heddle::event begun;
    bool asked = false;
    bool after = false;
    graph g;
    auto& waits = g.add([&] {
        begun.set();
        try {
            heddle::rt::sleep_until(heddle::rt::deadline::never());
        } catch (const heddle::cancelled&) {
            asked = true;  // and the task ends well
        }
    });
    g.add([&] { after = true; }).after(waits);
    const auto run = g.submit(pool);
    begun.wait();
    run.request_stop();
    EXPECT_THROW(run.get(), heddle::cancelled);
    EXPECT_TRUE(asked);
    EXPECT_FALSE(after);
}

TEST(graph, is_drawn_as_dot) {
    graph g;
    auto& a = g.add([] {}, "say \"a\"");
    g.add([] {}).after(a);
    EXPECT_EQ(g.dot(), "digraph {\n  n0 [label=\"say \\\"a\\\"\"];\n  n1 [label=\"1\"];\n  n0 -> n1;\n}\n");
}

TEST(map_reduce, reduces_in_the_order_of_the_items_whatever_the_chunks) {
    thread_pool pool(2);
    inline_executor here;
    std::vector<int> items(100);
    std::iota(items.begin(), items.end(), 0);
    const auto text = [](int x) { return std::to_string(x % 10); };
    const auto concat = [](std::string a, const std::string& b) { return std::move(a) + b; };
    const std::string expected = map_reduce(here, items, text, concat);
    EXPECT_EQ(expected.size(), 100U);
    for (const std::size_t chunk : {0U, 1U, 7U, 100U, 1000U})
        EXPECT_EQ(map_reduce(pool, items, text, concat, {.chunk = chunk}), expected);
}

TEST(map_reduce, refuses_no_items_and_throws_the_first_error) {
    thread_pool pool(2);
    const auto plus = [](int a, int b) { return a + b; };
    EXPECT_THROW(map_reduce(pool, std::vector<int>{}, [](int x) { return x; }, plus), std::invalid_argument);
    EXPECT_THROW(map_reduce(
                     pool, std::vector<int>{1, 2},
                     [](int x) {
                         if (x == 2) throw std::domain_error("two");
                         return x;
                     },
                     plus),
                 std::domain_error);
}

TEST(map_reduce, by_key_reduces_the_values_of_equal_keys) {
    thread_pool pool(2);
    const auto letters = [](const std::string& word) {
        std::vector<std::pair<char, int>> pairs;
        for (const char c : word) pairs.emplace_back(c, 1);
        return pairs;
    };
    const std::vector<std::string> words{"abba", "cab"};
    const auto counts =
        map_reduce_by_key<char, int>(pool, words, letters, [](int a, int b) { return a + b; });
    EXPECT_EQ(counts, (std::map<char, int>{{'a', 3}, {'b', 3}, {'c', 1}}));
    EXPECT_TRUE(
        (map_reduce_by_key<char, int>(pool, std::vector<std::string>{}, letters, std::plus<>{}).empty()));
}
