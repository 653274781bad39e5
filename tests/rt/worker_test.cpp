// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/worker.hpp>

#include <gtest/gtest.h>
#include <atomic>
#include <heddle/rt/error.hpp>
#include <memory>
#include <thread>
#include <vector>
#include "waiting.hpp"

using namespace std::chrono_literals;
using heddle::rt::clock;
using heddle::rt::runnable;
using heddle::rt::timer;
using heddle::rt::work_source;
using heddle::rt::worker;
using waiting::step;

TEST(worker, is_current_only_while_it_runs) {
    worker w("me");
    EXPECT_EQ(w.name(), "me");
    EXPECT_EQ(worker::current(), nullptr);
    bool done = false;
    waiting::run_on(w, done, [&] {
        EXPECT_EQ(worker::current(), &w);
        done = true;
    });
    EXPECT_EQ(worker::current(), nullptr);
}

TEST(worker, runs_nothing_if_it_is_done_before) {
    worker w;
    step s([] { FAIL(); });
    w.post(s);
    w.run(nullptr, [] { return true; });
}

TEST(worker, runs_what_was_posted_in_order) {
    worker w;
    std::vector<int> order;
    step a([&] { order.push_back(1); });
    step b([&] { order.push_back(2); });
    step c([&] { order.push_back(3); });
    for (auto* s : {&a, &b, &c}) w.post(*s);
    w.run(nullptr, [&] { return order.size() == 3; });
    EXPECT_EQ(order, (std::vector<int>{1, 2, 3}));
}

TEST(worker, runs_what_was_posted_to_be_last_after_what_was_ready) {
    worker w;
    std::vector<int> order;
    step a([&] { order.push_back(1); });
    step b([&] { order.push_back(2); });
    step first([&] {
        w.post(a);
        w.post_last(b);
    });
    w.post(first);
    w.run(nullptr, [&] { return order.size() == 2; });
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(worker, a_step_may_post_itself_again) {
    worker w;
    int count = 0;
    step* self = nullptr;
    step s([&] {
        if (++count < 1000) worker::current()->post(*self);
    });
    self = &s;
    w.post(s);
    w.run(nullptr, [&] { return count == 1000; });
    EXPECT_EQ(count, 1000);
}

TEST(worker, stops_between_two_steps_when_done_says_so_and_keeps_the_rest) {
    worker w;
    int ran = 0;
    step a([&] { ++ran; });
    step b([&] { ++ran; });
    w.post(a);
    w.post(b);
    w.run(nullptr, [&] { return ran == 1; });
    EXPECT_EQ(ran, 1);
    w.run(nullptr, [&] { return ran == 2; });
    EXPECT_EQ(ran, 2);
}

TEST(worker, refuses_to_run_inside_itself_or_another) {
    worker outer;
    worker inner;
    bool done = false;
    waiting::run_on(outer, done, [&] {
        EXPECT_THROW(inner.run(nullptr, [] { return true; }), heddle::invalid_state);
        EXPECT_THROW(outer.run(nullptr, [] { return true; }), heddle::invalid_state);
        done = true;
    });
}

TEST(worker, wakes_for_what_other_threads_post) {
    worker w;
    std::atomic<int> count{0};
    std::vector<std::unique_ptr<step>> steps;
    for (int i = 0; i < 100; ++i) steps.push_back(std::make_unique<step>([&] { count.fetch_add(1); }));
    std::thread other([&] {
        for (int i = 0; i < 100; ++i) {
            w.post(*steps[static_cast<std::size_t>(i)]);
            waiting::until([&] { return count.load() > i; });  // so that it sleeps in between
        }
    });
    w.run(nullptr, [&] { return count.load() == 100; });
    other.join();
}

TEST(worker, can_be_woken_to_look_at_what_ends_it) {
    worker w;
    std::atomic<bool> done{false};
    std::thread other([&] {
        done = true;
        w.wake();
    });
    w.run(nullptr, [&] { return done.load(); });
    other.join();
}

TEST(worker, a_wake_before_the_sleep_is_not_lost) {
    worker w;
    w.wake();
    int looked = 0;
    // The second look comes only after a sleep, which the earlier wake ends.
    w.run(nullptr, [&] { return ++looked == 2; });
    EXPECT_EQ(looked, 2);
}

namespace {

struct recorded : timer {
    recorded(std::vector<int>& l, int n) : timer(&on_fire), log(l), number(n) {}
    static void on_fire(timer& t) noexcept {
        auto& self = static_cast<recorded&>(t);
        self.log.push_back(self.number);
    }
    std::vector<int>& log;
    int number;
};

}  // namespace

TEST(worker, fires_its_timers_in_order_and_not_early) {
    worker w;
    std::vector<int> log;
    recorded a(log, 1);
    recorded b(log, 2);
    const auto start = clock::now();
    w.add_timer(b, start + 4ms);
    w.add_timer(a, start + 2ms);
    w.run(nullptr, [&] { return log.size() == 2; });
    EXPECT_GE(clock::now(), start + 4ms);
    EXPECT_EQ(log, (std::vector<int>{1, 2}));
}

TEST(worker, a_removed_timer_does_not_fire) {
    worker w;
    std::vector<int> log;
    recorded a(log, 1);
    recorded b(log, 2);
    const auto start = clock::now();
    w.add_timer(a, start + 1ms);
    w.add_timer(b, start + 2ms);
    w.remove_timer(a);
    w.run(nullptr, [&] { return !log.empty(); });
    EXPECT_EQ(log, (std::vector<int>{2}));
}

TEST(worker, timers_fire_although_there_is_always_something_to_run) {
    worker w;
    std::vector<int> log;
    recorded a(log, 1);
    w.add_timer(a, clock::now() + 1ms);
    step* self = nullptr;
    step busy([&] {
        if (log.empty()) w.post(*self);
    });
    self = &busy;
    w.post(busy);
    w.run(nullptr, [&] { return !log.empty(); });
}

namespace {

// Hands out what it is given, then says what it is told.
struct list_source : work_source {
    runnable* take(worker&) noexcept override {
        if (steps.empty()) return nullptr;
        auto* first = steps.front();
        steps.erase(steps.begin());
        return first;
    }
    void turns_to_own(worker&) noexcept override { ++own; }
    idle prepare_sleep(worker&, heddle::rt::deadline&) noexcept override {
        ++prepared;
        if (prepared == 1) return idle::work;
        if (prepared == 2) return idle::sleep;
        return idle::stop;
    }
    void end_sleep(worker&) noexcept override { ++ended; }
    std::vector<runnable*> steps;
    int prepared = 0;
    int ended = 0;
    int own = 0;
};

}  // namespace

TEST(worker, takes_from_its_source_and_stops_when_the_source_says_so) {
    worker w;
    list_source source;
    int ran = 0;
    step a([&] { ++ran; });
    step b([&] { ++ran; });
    source.steps = {&a, &b};
    w.wake();  // so that the sleep ends
    w.run(&source, [] { return false; });
    EXPECT_EQ(ran, 2);
    EXPECT_EQ(source.prepared, 3);
    EXPECT_EQ(source.ended, 1);
}

TEST(worker, runs_its_own_work_before_that_of_the_source) {
    worker w;
    list_source source;
    std::vector<int> order;
    step own([&] { order.push_back(1); });
    step shared([&] { order.push_back(2); });
    source.steps = {&shared};
    w.post(own);
    w.run(&source, [&] { return order.size() == 2; });
    EXPECT_EQ(order, (std::vector<int>{1, 2}));
}

TEST(worker, tells_its_source_before_it_runs_its_own_work) {
    worker w;
    list_source source;
    std::vector<int> told;
    step own([&] { told.push_back(source.own); });
    step shared([&] { told.push_back(source.own); });
    source.steps = {&shared};
    w.post(own);
    w.run(&source, [&] { return told.size() == 2; });
    EXPECT_EQ(told, (std::vector<int>{1, 1}));
}

TEST(worker, may_go_away_as_soon_as_what_was_posted_has_run) {
    // The poster may still be inside post() when the worker ends; the destructor waits for it.
    for (int i = 0; i < 2000; ++i) {
        auto w = std::make_unique<worker>();
        bool done = false;
        step s([&] { done = true; });
        std::thread other([&] { w->post(s); });
        w->run(nullptr, [&] { return done; });
        w.reset();
        other.join();
    }
}
