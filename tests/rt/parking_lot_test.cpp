// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/parking_lot.hpp>

#include <gtest/gtest.h>
#include <array>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/waiter.hpp>
#include <thread>
#include <vector>
#include "waiting.hpp"

using namespace std::chrono_literals;
using heddle::rt::clock;
using heddle::rt::deadline;
using heddle::rt::parked;
using heddle::rt::parking_lot;
using heddle::rt::unpark_result;
using heddle::rt::wait_outcome;
using heddle::rt::waiter;
using heddle::rt::waiter_kind;
using waiting::always;

namespace {

std::vector<int>* woken_order = nullptr;

struct recorder : waiter {
    explicit recorder(int n = 0, waiter_kind kind = waiter_kind::thread) : waiter(kind, &on_wake), id(n) {}
    static void on_wake(waiter& w, wait_outcome o) noexcept {
        auto& self = static_cast<recorder&>(w);
        self.outcome = o;
        ++self.wakes;
        if (woken_order != nullptr) woken_order->push_back(self.id);
    }
    int id;
    int wakes = 0;
    wait_outcome outcome = wait_outcome::waiting;
};

class parking_lot_test : public ::testing::Test {
 protected:
    void SetUp() override { woken_order = &order; }
    void TearDown() override {
        woken_order = nullptr;
        EXPECT_EQ(parking_lot::count(&word), 0U);
    }
    int word = 0;
    std::vector<int> order;
};

}  // namespace

TEST_F(parking_lot_test, an_empty_address_wakes_nobody) {
    EXPECT_FALSE(parking_lot::unpark_one(&word).unparked);
    EXPECT_EQ(parking_lot::unpark_all(&word), 0U);
    EXPECT_EQ(parking_lot::count(&word), 0U);
}

TEST_F(parking_lot_test, wakes_in_the_order_of_arrival) {
    std::array<recorder, 4> w{recorder(0), recorder(1), recorder(2), recorder(3)};
    for (auto& x : w) ASSERT_TRUE(parking_lot::enqueue(x, &word, always));
    for (int i = 0; i < 4; ++i) EXPECT_TRUE(parking_lot::unpark_one(&word).unparked);
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
    for (auto& x : w) {
        EXPECT_EQ(x.outcome, wait_outcome::granted);
        EXPECT_EQ(x.wakes, 1);
    }
}

TEST_F(parking_lot_test, does_not_queue_when_validation_says_no) {
    recorder w;
    EXPECT_FALSE(parking_lot::enqueue(w, &word, [] { return false; }));
    EXPECT_EQ(parking_lot::count(&word), 0U);
    EXPECT_EQ(w.wakes, 0);
}

TEST_F(parking_lot_test, validates_and_calls_back_under_the_same_lock) {
    // If they were not exclusive, the callback could see the value between validation and queueing.
    bool inside = false;
    std::thread other;
    recorder w;
    ASSERT_TRUE(parking_lot::enqueue(w, &word, [&] {
        inside = true;
        other = std::thread([&] {
            parking_lot::unpark_one(&word, [&](const unpark_result& r) {
                EXPECT_FALSE(inside);
                EXPECT_TRUE(r.unparked);
                return std::uintptr_t{0};
            });
        });
        for (int i = 0; i < 100; ++i) std::this_thread::yield();  // an invitation to interfere
        inside = false;
        return true;
    }));
    other.join();
    EXPECT_EQ(w.outcome, wait_outcome::granted);
}

TEST_F(parking_lot_test, unpark_wakes_at_most_as_many_as_asked_in_order) {
    std::array<recorder, 5> w{recorder(0), recorder(1), recorder(2), recorder(3), recorder(4)};
    for (auto& x : w) ASSERT_TRUE(parking_lot::enqueue(x, &word, always));
    EXPECT_EQ(parking_lot::unpark(&word, 3), 3U);
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2}));
    EXPECT_EQ(parking_lot::count(&word), 2U);
    EXPECT_EQ(parking_lot::unpark(&word, 3), 2U);
    EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(parking_lot_test, unpark_all_wakes_everyone_with_the_token) {
    std::array<recorder, 3> w;
    for (auto& x : w) ASSERT_TRUE(parking_lot::enqueue(x, &word, always));
    EXPECT_EQ(parking_lot::unpark_all(&word, 42), 3U);
    for (auto& x : w) EXPECT_EQ(x.token(), 42U);
}

TEST_F(parking_lot_test, the_callback_is_told_what_was_found_and_gives_the_token) {
    recorder a(0, waiter_kind::coroutine);
    recorder b(1, waiter_kind::fiber);
    ASSERT_TRUE(parking_lot::enqueue(a, &word, always));
    ASSERT_TRUE(parking_lot::enqueue(b, &word, always));
    auto first = parking_lot::unpark_one(&word, [&](const unpark_result& r) {
        EXPECT_TRUE(r.unparked);
        EXPECT_TRUE(r.more);
        EXPECT_EQ(r.kind, waiter_kind::coroutine);
        EXPECT_EQ(a.wakes, 0);  // woken only after the lock is free
        return std::uintptr_t{7};
    });
    EXPECT_TRUE(first.unparked);
    EXPECT_EQ(a.token(), 7U);
    const auto second = parking_lot::unpark_one(&word, [&](const unpark_result& r) {
        EXPECT_FALSE(r.more);
        EXPECT_EQ(r.kind, waiter_kind::fiber);
        return std::uintptr_t{8};
    });
    EXPECT_TRUE(second.unparked);
    EXPECT_EQ(b.token(), 8U);
    parking_lot::unpark_one(&word, [](const unpark_result& r) {
        EXPECT_FALSE(r.unparked);
        EXPECT_FALSE(r.more);
        return std::uintptr_t{9};
    });
}

TEST_F(parking_lot_test, different_addresses_do_not_disturb_each_other) {
    // More addresses than buckets, so that many share one.
    std::vector<int> words(2000);
    std::vector<std::unique_ptr<recorder>> all;
    for (std::size_t i = 0; i < words.size(); ++i) {
        all.push_back(std::make_unique<recorder>(static_cast<int>(i)));
        ASSERT_TRUE(parking_lot::enqueue(*all.back(), &words[i], always));
    }
    for (std::size_t i = 0; i < words.size(); i += 2) EXPECT_EQ(parking_lot::unpark_all(&words[i]), 1U);
    for (std::size_t i = 0; i < words.size(); ++i) {
        EXPECT_EQ(all[i]->wakes, i % 2 == 0 ? 1 : 0);
        EXPECT_EQ(parking_lot::count(&words[i]), i % 2);
    }
    for (std::size_t i = 1; i < words.size(); i += 2) EXPECT_TRUE(parking_lot::withdraw(*all[i]));
}

TEST_F(parking_lot_test, one_that_withdraws_is_not_woken) {
    std::array<recorder, 3> w{recorder(0), recorder(1), recorder(2)};
    for (auto& x : w) ASSERT_TRUE(parking_lot::enqueue(x, &word, always));
    EXPECT_TRUE(parking_lot::withdraw(w[1]));
    EXPECT_FALSE(parking_lot::withdraw(w[1]));
    EXPECT_EQ(parking_lot::unpark_all(&word), 2U);
    EXPECT_EQ(order, (std::vector<int>{0, 2}));
    EXPECT_EQ(w[1].wakes, 0);
}

TEST_F(parking_lot_test, one_that_was_granted_cannot_withdraw) {
    recorder w;
    ASSERT_TRUE(parking_lot::enqueue(w, &word, always));
    parking_lot::unpark_one(&word);
    EXPECT_FALSE(parking_lot::withdraw(w));
}

TEST_F(parking_lot_test, one_that_never_queued_cannot_withdraw) {
    recorder w;
    EXPECT_FALSE(parking_lot::withdraw(w));
    w.aim(&word);
    EXPECT_FALSE(parking_lot::withdraw(w));
}

TEST_F(parking_lot_test, is_not_fair_at_first_and_fair_once_per_period) {
    const deadline past_the_period = deadline::after(1ms);  // it is 500 µs
    std::array<recorder, 4> w;
    const auto timed = [&] {
        parking_lot::time_fairness(&word);
        return true;
    };
    const auto wake_first = [&] {
        bool fair = false;
        parking_lot::unpark_chosen(&word, [&](heddle::rt::parked& here) {
            fair = here.fair();
            here.take(*here.first(), 0);
        });
        return fair;
    };
    for (auto& x : w) ASSERT_TRUE(parking_lot::enqueue(x, &word, timed));
    heddle::rt::sleep_until(past_the_period);
    EXPECT_TRUE(wake_first());
    EXPECT_EQ(parking_lot::unpark_all(&word), 3U);
    // A queue that has been empty starts a new period.
    const auto start = clock::now();
    recorder again;
    ASSERT_TRUE(parking_lot::enqueue(again, &word, timed));
    const bool fair = wake_first();
    if (clock::now() - start < 500us) {
        EXPECT_FALSE(fair);
    }
}

TEST_F(parking_lot_test, lets_the_primitive_choose_whom_to_wake) {
    std::array<recorder, 4> w{recorder(0), recorder(1), recorder(2), recorder(3)};
    for (auto& x : w) {
        x.set_tag(static_cast<std::uintptr_t>(x.id * 10));
        ASSERT_TRUE(parking_lot::enqueue(x, &word, always));
    }
    const auto n = parking_lot::unpark_chosen(&word, [&](parked& here) {
        for (waiter* x = here.first(); x != nullptr;) {
            waiter* const next = here.next(*x);
            if (x->tag() >= 20) here.take(*x, x->tag() + 1);
            x = next;
        }
        EXPECT_EQ(order, std::vector<int>());  // woken only after the lock is free
    });
    EXPECT_EQ(n, 2U);
    EXPECT_EQ(order, (std::vector<int>{2, 3}));
    EXPECT_EQ(w[3].token(), 31U);
    EXPECT_EQ(parking_lot::unpark_all(&word), 2U);
}

TEST_F(parking_lot_test, one_that_is_taken_but_not_woken_yet_cannot_withdraw) {
    std::array<recorder, 2> w{recorder(0), recorder(1)};
    for (auto& x : w) ASSERT_TRUE(parking_lot::enqueue(x, &word, always));
    auto taken = parking_lot::take_chosen(&word, [](parked& here) { here.take(*here.first(), 1); });
    EXPECT_FALSE(parking_lot::withdraw(w[0]));
    EXPECT_EQ(w[0].wakes, 0);
    EXPECT_EQ(parking_lot::count(&word), 1U);
    taken.front()->set_token(2);
    parking_lot::wake_all(taken);
    EXPECT_TRUE(taken.empty());
    EXPECT_EQ(w[0].outcome, wait_outcome::granted);
    EXPECT_EQ(w[0].token(), 2U);
    EXPECT_TRUE(parking_lot::withdraw(w[1]));
}

TEST_F(parking_lot_test, moves_waiters_to_the_end_of_another_queue_without_waking_them) {
    // Many addresses, so that some pairs share a bucket and some do not, in both orders.
    std::vector<int> words(600);
    for (auto& to : words) {
        order.clear();
        std::array<recorder, 4> w{recorder(0), recorder(1), recorder(2), recorder(3)};
        ASSERT_TRUE(parking_lot::enqueue(w[3], &to, always));
        for (int i = 0; i < 3; ++i)
            ASSERT_TRUE(parking_lot::enqueue(w[static_cast<std::size_t>(i)], &word, always));
        EXPECT_EQ(parking_lot::requeue(&word, &to, 2, always, 9), 2U);
        EXPECT_EQ(order, std::vector<int>());
        EXPECT_EQ(parking_lot::count(&word), 1U);
        EXPECT_EQ(parking_lot::unpark_all(&to), 3U);
        EXPECT_EQ(order, (std::vector<int>{3, 0, 1}));
        EXPECT_EQ(parking_lot::unpark_all(&word), 1U);
    }
}

TEST_F(parking_lot_test, one_that_was_moved_cannot_withdraw) {
    recorder w;
    int to = 0;
    ASSERT_TRUE(parking_lot::enqueue(w, &word, always));
    EXPECT_EQ(parking_lot::requeue(&word, &to, 1, always, 9), 1U);
    EXPECT_FALSE(parking_lot::withdraw(w));
    EXPECT_EQ(w.wakes, 0);
    EXPECT_EQ(parking_lot::unpark_all(&to), 1U);
    EXPECT_EQ(w.wakes, 1);
}

TEST_F(parking_lot_test, wakes_with_the_token_those_whom_the_other_side_does_not_accept) {
    std::array<recorder, 2> w;
    int to = 0;
    for (auto& x : w) ASSERT_TRUE(parking_lot::enqueue(x, &word, always));
    EXPECT_EQ(parking_lot::requeue(&word, &to, SIZE_MAX, [] { return false; }, 9), 2U);
    EXPECT_EQ(parking_lot::count(&to), 0U);
    for (auto& x : w) {
        EXPECT_EQ(x.outcome, wait_outcome::granted);
        EXPECT_EQ(x.token(), 9U);
    }
}

TEST_F(parking_lot_test, does_not_ask_for_acceptance_where_there_is_nobody_to_move) {
    int to = 0;
    EXPECT_EQ(parking_lot::requeue(&word, &to, 5, [] { return ADD_FAILURE(), true; }, 9), 0U);
    recorder w;
    ASSERT_TRUE(parking_lot::enqueue(w, &word, always));
    EXPECT_EQ(parking_lot::requeue(&word, &to, 0, [] { return ADD_FAILURE(), true; }, 9), 0U);
    EXPECT_TRUE(parking_lot::withdraw(w));
}

TEST_F(parking_lot_test, names_the_task_that_waits_first) {
    EXPECT_EQ(parking_lot::first_waiting(&word), "");
    recorder w;
    heddle::rt::task_context task("weaver");
    w.set_task(&task);
    ASSERT_TRUE(parking_lot::enqueue(w, &word, always));
    EXPECT_EQ(parking_lot::first_waiting(&word), "weaver");
    task.set_name("");
    EXPECT_EQ(parking_lot::first_waiting(&word), std::to_string(task.id()));
    EXPECT_TRUE(parking_lot::withdraw(w));
}
