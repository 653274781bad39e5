// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/timer.hpp>

#include <gtest/gtest.h>
#include <map>
#include <memory>
#include <random>
#include <vector>

using namespace std::chrono_literals;
using heddle::rt::clock;
using heddle::rt::deadline;
using heddle::rt::timer;
using heddle::rt::timer_heap;

namespace {

std::vector<int> fired;

struct numbered : timer {
    explicit numbered(int n) : timer(&on_fire), number(n) {}
    static void on_fire(timer& t) noexcept { fired.push_back(static_cast<numbered&>(t).number); }
    int number;
};

clock::time_point at(int n) {
    return clock::time_point(std::chrono::nanoseconds(n));
}

struct timer_heap_test : ::testing::Test {
    void SetUp() override { fired.clear(); }
    timer_heap heap;
};

}  // namespace

TEST_F(timer_heap_test, an_empty_heap_is_never_due) {
    EXPECT_TRUE(heap.empty());
    EXPECT_TRUE(heap.next().is_never());
    EXPECT_EQ(heap.fire(clock::time_point::max()), 0U);
}

TEST_F(timer_heap_test, fires_what_is_due_in_the_order_of_time) {
    numbered a(1), b(2), c(3), d(4);
    heap.add(c, at(30));
    heap.add(a, at(10));
    heap.add(d, at(40));
    heap.add(b, at(20));
    EXPECT_EQ(heap.next().when(), at(10));
    EXPECT_EQ(heap.fire(at(30)), 3U);
    EXPECT_EQ(fired, (std::vector<int>{1, 2, 3}));
    EXPECT_FALSE(a.armed());
    EXPECT_TRUE(d.armed());
    heap.remove(d);
}

TEST_F(timer_heap_test, fires_those_of_one_moment_in_the_order_of_arming) {
    std::vector<std::unique_ptr<numbered>> all;
    std::vector<int> expected;
    for (int i = 0; i < 50; ++i) {
        all.push_back(std::make_unique<numbered>(i));
        heap.add(*all.back(), at(7));
        expected.push_back(i);
    }
    heap.fire(at(7));
    EXPECT_EQ(fired, expected);
}

TEST_F(timer_heap_test, one_that_is_removed_does_not_fire) {
    numbered a(1), b(2), c(3);
    for (auto* t : {&a, &b, &c}) heap.add(*t, at(t->number));
    heap.remove(a);
    EXPECT_FALSE(a.armed());
    heap.remove(a);  // again does nothing
    EXPECT_EQ(heap.next().when(), at(2));
    heap.remove(c);
    heap.fire(at(100));
    EXPECT_EQ(fired, (std::vector<int>{2}));
}

TEST_F(timer_heap_test, a_timer_may_remove_another_that_is_due_when_it_fires) {
    struct killer : timer {
        killer(timer_heap& h, timer& v) : timer(&on_fire), heap(h), victim(v) {}
        static void on_fire(timer& t) noexcept {
            auto& self = static_cast<killer&>(t);
            self.heap.remove(self.victim);
        }
        timer_heap& heap;
        timer& victim;
    };
    numbered victim(1);
    killer k(heap, victim);
    heap.add(k, at(1));
    heap.add(victim, at(2));
    EXPECT_EQ(heap.fire(at(5)), 1U);
    EXPECT_TRUE(fired.empty());
}

TEST_F(timer_heap_test, a_timer_can_be_armed_again_when_it_fires) {
    struct again : timer {
        explicit again(timer_heap& h) : timer(&on_fire), heap(h) {}
        static void on_fire(timer& t) noexcept {
            auto& self = static_cast<again&>(t);
            if (++self.count < 3) self.heap.add(self, at(10 * (self.count + 1)));
        }
        timer_heap& heap;
        int count = 0;
    };
    again a(heap);
    heap.add(a, at(10));
    heap.fire(at(10));
    EXPECT_EQ(a.count, 1);
    heap.fire(at(100));
    EXPECT_EQ(a.count, 3);
    EXPECT_TRUE(heap.empty());
}

TEST_F(timer_heap_test, does_what_a_multimap_would_whatever_is_added_and_removed) {
    std::mt19937 random(20240607);
    std::vector<std::unique_ptr<numbered>> all;
    for (int i = 0; i < 300; ++i) all.push_back(std::make_unique<numbered>(i));
    std::multimap<clock::time_point, int> model;  // equal keys stay in the order of insertion
    int now = 0;
    for (int round = 0; round < 20000; ++round) {
        auto& t = *all[random() % all.size()];
        switch (random() % 4) {
            case 0:
            case 1:
                if (!t.armed()) {
                    const auto when = at(now + static_cast<int>(random() % 64));
                    heap.add(t, when);
                    model.emplace(when, t.number);
                }
                break;
            case 2:
                if (t.armed())
                    model.erase(std::find_if(model.begin(), model.end(),
                                             [&](const auto& e) { return e.second == t.number; }));
                heap.remove(t);
                break;
            default:
                now += static_cast<int>(random() % 16);
                fired.clear();
                heap.fire(at(now));
                std::vector<int> expected;
                while (!model.empty() && model.begin()->first <= at(now)) {
                    expected.push_back(model.begin()->second);
                    model.erase(model.begin());
                }
                ASSERT_EQ(fired, expected);
        }
        ASSERT_EQ(heap.empty(), model.empty());
        ASSERT_EQ(heap.next(), model.empty() ? deadline::never() : deadline(model.begin()->first));
    }
    for (auto& t : all) heap.remove(*t);
}
