// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/promise.hpp>

#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>
#include "unseen.hpp"

using heddle::future;
using heddle::future_status;
using heddle::promise;
using task_tests::unseen;

TEST(promise, gives_any_number_of_handles_on_one_result) {
    promise<int> p;
    auto a = p.get_future();
    auto b = p.get_future();
    p.set_value(3);
    EXPECT_EQ(a, b);
    EXPECT_EQ(a.get() + b.get(), 6);
}

TEST(promise, that_goes_away_without_a_result_fails_its_future) {
    future<int> f;
    {
        promise<int> p;
        f = p.get_future();
    }
    EXPECT_EQ(f.status(), future_status::finished);
    EXPECT_THROW(f.get(), heddle::error);
}

TEST(promise, that_goes_away_while_running_fails_its_future) {
    future<int> f;
    {
        promise<int> p;
        f = p.get_future();
        p.set_running();
    }
    EXPECT_THROW(f.get(), heddle::error);
}

TEST(promise, that_goes_away_unheard_is_not_reported) {
    const unseen reports;
    {
        promise<int> never_asked;
        promise<int> started;
        started.set_running();
        promise<int> given_up;
        given_up.get_future();
        promise<int> replaced;
        replaced = promise<int>();
    }
    EXPECT_EQ(reports.list(), std::vector<std::string>());
}

TEST(promise, that_goes_away_calls_back_although_nobody_kept_its_future) {
    const unseen reports;
    std::string said;
    {
        promise<int> p;
        p.get_future().on_done([&](const future<int>& f) {
            try {
                f.get();
            } catch (const heddle::error& e) {
                said = e.what();
            }
        });
    }
    EXPECT_EQ(said, "the promise went away without a result");
    EXPECT_EQ(reports.list(), std::vector<std::string>());
}

TEST(promise, that_goes_away_while_its_future_is_kept_is_reported_if_nobody_looks) {
    const unseen reports;
    future<int> kept;
    {
        promise<int> p;
        kept = p.get_future();
    }
    kept = {};
    EXPECT_EQ(reports.list().size(), 1U);
}

TEST(promise, that_goes_away_after_its_future_was_cancelled_changes_nothing) {
    future<int> f;
    {
        promise<int> p;
        f = p.get_future();
        f.cancel();
    }
    EXPECT_EQ(f.status(), future_status::cancelled);
}

TEST(promise, passes_on_its_duty_when_it_is_moved) {
    promise<int> p;
    auto f = p.get_future();
    promise<int> q(std::move(p));
    EXPECT_FALSE(f.done());
    promise<int> r;
    auto dropped = r.get_future();
    r = std::move(q);
    EXPECT_THROW(dropped.get(), heddle::error);
    r.set_value(2);
    EXPECT_EQ(f.get(), 2);
}

TEST(promise, every_call_on_one_that_was_moved_from_says_so) {
    promise<int> p;
    const promise<int> there = std::move(p);
    // NOLINTBEGIN(bugprone-use-after-move)
    EXPECT_THROW(p.get_future(), heddle::invalid_state);
    EXPECT_THROW((void)p.done(), heddle::invalid_state);
    EXPECT_THROW(p.cancel(), heddle::invalid_state);
    EXPECT_THROW(p.set_running(), heddle::invalid_state);
    EXPECT_THROW(p.set_value(1), heddle::invalid_state);
    EXPECT_THROW(p.set_exception(std::make_exception_ptr(1)), heddle::invalid_state);
    p = promise<int>();  // and is as good as new
    // NOLINTEND(bugprone-use-after-move)
    p.set_value(2);
    EXPECT_EQ(p.get_future().get(), 2);
    EXPECT_THROW(p.set_value(3), heddle::invalid_state);
}

TEST(promise, makes_the_value_in_place) {
    promise<std::string> p;
    p.set_value(3U, 'x');
    EXPECT_EQ(p.get_future().get(), "xxx");
}

TEST(promise, whose_value_throws_on_its_way_in_can_still_be_failed) {
    struct picky {
        explicit picky(int n) {
            if (n < 0) throw std::invalid_argument("negative");
        }
    };
    promise<picky> p;
    auto f = p.get_future();
    EXPECT_THROW(p.set_value(-1), std::invalid_argument);
    EXPECT_FALSE(f.done());
    p.set_exception(std::current_exception() ? std::current_exception()
                                             : std::make_exception_ptr(std::invalid_argument("negative")));
    EXPECT_THROW(f.get(), std::invalid_argument);
}

TEST(promise, may_go_away_as_soon_as_somebody_has_the_result) {
    for (int i = 0; i < 2000; ++i) {
        auto p = std::make_unique<promise<int>>();
        auto* raw = p.get();
        auto f = p->get_future();
        std::thread t([raw, i] { raw->set_value(i); });
        EXPECT_EQ(std::move(f).take(), i);
        p.reset();
        t.join();
    }
}
