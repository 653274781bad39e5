// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/inbox.hpp>

#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <vector>

using heddle::rt::runnable;
using heddle::rt::runnable_queue;
using heddle::rt::runnable_stack;

namespace {

struct item : runnable {
    explicit item(int v) : runnable([](runnable&) noexcept {}), value(v) {}
    int value;
};

std::vector<int> drain(runnable_queue& q) {
    std::vector<int> values;
    while (runnable* r = q.pop()) values.push_back(static_cast<item&>(*r).value);
    return values;
}

}  // namespace

TEST(runnable_queue, gives_back_in_the_order_of_pushing) {
    runnable_queue q;
    EXPECT_TRUE(q.empty());
    EXPECT_EQ(q.pop(), nullptr);
    item a(1), b(2), c(3);
    q.push(a);
    q.push(b);
    EXPECT_EQ(q.pop(), &a);
    q.push(c);
    EXPECT_EQ(q.size(), 2U);
    EXPECT_EQ(drain(q), (std::vector<int>{2, 3}));
    EXPECT_TRUE(q.empty());
    q.push(a);
    EXPECT_EQ(drain(q), (std::vector<int>{1}));
}

TEST(runnable_stack, take_all_gives_the_oldest_first_after_what_is_there) {
    runnable_stack s;
    runnable_queue q;
    EXPECT_TRUE(s.empty());
    EXPECT_FALSE(s.take_all(q));
    item a(1), b(2), c(3), d(4);
    q.push(a);
    s.push(b);
    s.push(c);
    s.push(d);
    EXPECT_FALSE(s.empty());
    EXPECT_TRUE(s.take_all(q));
    EXPECT_TRUE(s.empty());
    EXPECT_EQ(drain(q), (std::vector<int>{1, 2, 3, 4}));
}

TEST(runnable_stack, loses_nothing_and_keeps_each_pushers_order) {
    constexpr int threads = 4;
    constexpr int each = 2000;
    std::vector<std::unique_ptr<item>> items;
    for (int i = 0; i < threads * each; ++i) items.push_back(std::make_unique<item>(i));
    runnable_stack s;
    std::vector<std::thread> group;
    for (int t = 0; t < threads; ++t)
        group.emplace_back([&, t] {
            for (int i = 0; i < each; ++i) s.push(*items[static_cast<std::size_t>(t * each + i)]);
        });
    std::vector<int> next(threads);
    for (int seen = 0; seen < threads * each;) {
        runnable_queue q;
        s.take_all(q);
        for (const int v : drain(q)) {
            EXPECT_EQ(v % each, next[static_cast<std::size_t>(v / each)]++);
            ++seen;
        }
    }
    for (auto& t : group) t.join();
    EXPECT_TRUE(s.empty());
}
