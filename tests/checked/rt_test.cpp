// SPDX-License-Identifier: BSL-1.0
// What everything waits with, in many orders: the parking lot, the run loop, fibers, coroutines that wait.
#include <unistd.h>
#include <algorithm>
#include <array>
#include <atomic>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/poller.hpp>
#include <heddle/rt/runnable.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/sync/event.hpp>
#include <mutex>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::stoppable_thread;
using checked::way;
using rt::cancellation;
using rt::deadline;
using rt::parking_lot;
using rt::wait_outcome;
using std::chrono::milliseconds;

class step final : public rt::runnable {
 public:
    explicit step(std::function<void()> f) : runnable(&on_run), f_(std::move(f)) {}

 private:
    static void on_run(rt::runnable& r) noexcept { static_cast<step&>(r).f_(); }
    std::function<void()> f_;
};

TEST(checked_controlled, is_true_for_the_threads_that_are_explored_and_for_nobody_else) {
    EXPECT_FALSE(rt::controlled());
    EXPECT_EQ(rt::choose_below(100), 0u);
    EXPECT_CORRECT([] {
        check::require(rt::controlled());
        at_once({[] { check::require(rt::controlled()); }, [] { check::require(rt::controlled()); }});
    });
    EXPECT_FALSE(rt::controlled());
}

TEST(checked_controlled, chooses_every_number) {
    EXPECT_FOUND("requirement", [] { check::require(rt::choose_below(8) != 7); });
}

TEST(checked_word_lock, lets_one_in_at_a_time) {
    EXPECT_CORRECT([] {
        rt::word_lock lock;
        int value = 0;
        const auto add = [&] {
            const std::lock_guard hold(lock);
            ++value;
        };
        at_once({add, add, add});
        check::require(value == 3);
    });
}

TEST(checked_parking_lot, who_parks_because_of_what_it_sees_is_woken_by_who_changes_that) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        std::atomic<bool> open{false};
        const auto pass = [&] {
            while (!open) rt::park(&open, [&] { return !open; });
        };
        run({pass, pass, [&] {
                 open = true;
                 parking_lot::unpark_all(&open);
             }});
    });
}

TEST(checked_parking_lot, a_wait_ends_in_one_way_only) {
    EXPECT_CORRECT([] {
        const char word = 0;
        std::size_t woken = 0;
        wait_outcome ended{};
        std::uintptr_t token = 0;
        {
            stoppable_thread waits([&] {
                ended = rt::park(
                    &word, [] { return true; }, deadline::after(milliseconds(1)), cancellation::observed,
                    &token);
            });
            at_once({[&] { woken = parking_lot::unpark_all(&word, 7); }, [&] { waits.request_stop(); }});
            waits.join();
            check::require((ended == wait_outcome::granted) == (woken == 1));
            check::require(ended != wait_outcome::granted || token == 7);
            // A request that came too late to end the wait is kept for the next one.
            check::require(waits.stop_pending() == (ended != wait_outcome::cancelled));
        }
        check::require(parking_lot::count(&word) == 0);
    });
}

TEST(checked_parking_lot, a_coroutine_s_wait_ends_in_one_way_only) {
    EXPECT_CORRECT([] {
        const char word = 0;
        std::size_t woken = 0;
        wait_outcome ended{};
        const auto wait = [&]() -> task<> {
            struct always {
                bool operator()() const noexcept { return true; }
            };
            rt::async_park<always> park(&word, {}, deadline::after(milliseconds(1)));
            ended = co_await park;
        };
        event_loop loop;
        auto waits = loop.spawn(wait());
        const auto main = [&]() -> task<> {
            try {
                co_await waits;
            } catch (const cancelled&) {
                // asked to stop before it had begun
            }
        };
        at_once({[&] { loop.run(main()); }, [&] { woken = parking_lot::unpark_all(&word); },
                 [&] { waits.request_stop(); }});
        check::require(woken == 0 || ended == wait_outcome::granted);
        check::require(parking_lot::count(&word) == 0);
    });
}

TEST(checked_parking_lot, who_is_moved_is_woken_at_the_other_address_and_does_not_give_up) {
    EXPECT_CORRECT([] {
        const char here = 0;
        const char there = 0;
        std::size_t moved = 0;
        std::size_t woken = 0;
        wait_outcome ended{};
        {
            stoppable_thread waits([&] {
                ended = rt::park(
                    &here, [] { return true; }, deadline::after(milliseconds(1)), cancellation::observed);
            });
            at_once({[&] {
                         moved = parking_lot::requeue(&here, &there, 1, [] { return true; }, 0);
                         woken = parking_lot::unpark_all(&there);
                     },
                     [&] { waits.request_stop(); }});
        }
        check::require(woken == moved && (ended == wait_outcome::granted) == (moved == 1));
    });
}

TEST(checked_parking_lot, a_sleep_ends_by_its_time_or_by_a_request_to_stop) {
    EXPECT_CORRECT([] {
        bool stopped = false;
        {
            stoppable_thread sleeper(
                [&] { stopped = checked::cancelled_in([] { rt::sleep_for(milliseconds(1)); }); });
            sleeper.request_stop();
            sleeper.join();
            check::require(stopped != sleeper.stop_pending());
        }
    });
}

TEST(checked_worker, runs_all_that_is_posted_and_sleeps_only_when_there_is_nothing) {
    EXPECT_CORRECT([] {
        rt::worker home;
        int ran = 0;
        step a([&] { ++ran; });
        step b([&] { ++ran; });
        step c([&] { ++ran; });
        at_once({[&] { home.run(nullptr, [&] { return ran == 3; }); },
                 [&] {
                     home.post(a);
                     home.post(b);
                 },
                 [&] { home.post(c); }});
        check::require(ran == 3);
    });
}

TEST(checked_worker, is_woken_from_its_poller_too) {
    EXPECT_CORRECT([] {
        int ends[2];
        check::require(::pipe(ends) == 0);
        {
            rt::worker home;
            rt::readiness readable(ends[0]);
            bool ran = false;
            step last([&] {
                ran = true;
                home.unwatch(readable);
            });
            event watched;
            step first([&] {
                home.watch(readable);
                watched.set();
            });
            home.post(first);
            at_once({[&] { home.run(nullptr, [&] { return ran; }); },
                     [&] {
                         watched.wait();
                         home.post(last);
                     }});
        }
        ::close(ends[0]);
        ::close(ends[1]);
    });
}

TEST(checked_worker, may_end_because_of_what_is_posted_while_the_poster_is_still_at_it) {
    EXPECT_CORRECT([] {
        auto home = std::make_unique<rt::worker>();
        bool done = false;
        step last([&] { done = true; });
        at_once({[&] {
                     home->run(nullptr, [&] { return done; });
                     home.reset();
                 },
                 [&] { home->post(last); }});
    });
}

TEST(checked_worker, fires_timers_while_others_post) {
    EXPECT_CORRECT([] {
        struct alarm : rt::timer {
            explicit alarm(bool& rang)
                : timer([](rt::timer& t) noexcept { static_cast<alarm&>(t).rang_ = true; }),
                  rang_(rang) {}
            bool& rang_;
        };
        rt::worker home;
        bool rang = false;
        bool ran = false;
        alarm a(rang);
        step s([&] { ran = true; });
        step set([&] { home.add_timer(a, rt::clock::now() + milliseconds(1)); });
        home.post(set);
        at_once({[&] { home.run(nullptr, [&] { return rang && ran; }); }, [&] { home.post(s); }});
    });
}

// The order in which things become ready is chance; a worker's choice shows what depends on it.
TEST(checked_worker, may_run_what_is_ready_in_any_order) {
    EXPECT_FOUND("requirement", [] {
        rt::worker home;
        std::vector<int> order;
        step a([&] { order.push_back(1); });
        step b([&] { order.push_back(2); });
        step c([&] { order.push_back(3); });
        for (auto* s : {&a, &b, &c}) home.post(*s);
        home.run(nullptr, [&] { return order.size() == 3; });
        check::require(order != std::vector<int>{3, 1, 2});
    });
}

TEST(checked_worker, runs_what_is_posted_to_be_last_after_all_that_was_ready) {
    EXPECT_CORRECT([] {
        rt::worker home;
        std::vector<int> order;
        step a([&] { order.push_back(1); });
        step b([&] { order.push_back(2); });
        step last([&] { order.push_back(3); });
        step after([&] { order.push_back(4); });
        step first([&] {
            home.post(a);
            home.post(b);
            home.post_last(last);
            home.post(after);
        });
        home.post(first);
        home.run(nullptr, [&] { return order.size() == 4; });
        check::require(order[2] == 3 && order[3] == 4);
    });
}

TEST(checked_fiber_task, goes_on_only_when_its_stack_is_not_in_use_any_more) {
    EXPECT_CORRECT([] {
        std::atomic<bool> open{false};
        int value = 0;
        at_once({[&] {
                     checked::on_fibers({[&] {
                         int mine = 1;
                         while (!open) rt::park(&open, [&] { return !open; });
                         value = mine + 1;
                     }});
                 },
                 [&] {
                     open = true;
                     parking_lot::unpark_all(&open);
                 }});
        check::require(value == 2);
    });
}

TEST(checked_task_context, a_request_is_delivered_once_or_taken_back) {
    EXPECT_CORRECT([] {
        const char word = 0;
        int delivered = 0;
        rt::task_context self;
        std::thread waits([&] {
            const rt::task_scope scope(&self);
            for (int i = 0; i < 2; ++i)
                if (rt::park(
                        &word, [] { return true; }, deadline::after(milliseconds(1)),
                        cancellation::observed) == wait_outcome::cancelled)
                    ++delivered;
        });
        self.request_stop();
        const unsigned left = self.uncancel();
        waits.join();
        check::require(left == 0 && delivered <= 1 && !self.stop_pending());
    });
}

}  // namespace
