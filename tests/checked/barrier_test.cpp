// SPDX-License-Identifier: BSL-1.0
// Barriers, once and timers in many orders.
#include <array>
#include <atomic>
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/once.hpp>
#include <heddle/sync/timer.hpp>
#include <stdexcept>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::stoppable_thread;
using checked::way;
using std::chrono::milliseconds;

TEST(checked_barrier, BA01_each_index_is_given_once_in_each_round) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        barrier all(2);
        std::array<std::array<int, 2>, 2> given{};
        const auto go = [&] {
            for (auto& round : given) {
                const std::size_t index = all.wait();
                ++round[index];
            }
        };
        run({go, go});
        for (const auto& round : given) check::require(round[0] == 1 && round[1] == 1);
        check::require(all.n_waiting() == 0);
    });
}

TEST(checked_barrier, BA02_the_action_runs_once_before_anybody_goes_on) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        int rounds = 0;
        barrier all(3, {.action = [&] { ++rounds; }});
        const auto go = [&] {
            all.wait();
            check::require(rounds == 1);
            all.wait();
            check::require(rounds == 2);
        };
        run({go, go, go});
        check::require(rounds == 2);
    });
}

template <class F> bool broken_in(F wait) {
    try {
        wait();
        return false;
    } catch (const broken_barrier&) {
        return true;
    }
}

TEST(checked_barrier, BA03_an_action_that_throws_is_seen_by_one_and_breaks_it_for_the_others) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        barrier all(3, {.action = [] { throw std::runtime_error("the action"); }});
        std::atomic<int> broken{0};
        std::atomic<int> thrown{0};
        const auto go = [&] {
            try {
                if (broken_in([&] { all.wait(); })) ++broken;
            } catch (const std::runtime_error&) {
                ++thrown;
            }
        };
        run({go, go, go});
        check::require(thrown == 1 && broken == 2 && all.broken());
    });
}

TEST(checked_barrier, BA04_who_times_out_breaks_it_for_all_who_wait_or_come) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        barrier all(3);
        run({[&] { check::require(broken_in([&] { all.wait_for(milliseconds(1)); })); },
             [&] { check::require(broken_in([&] { all.wait(); })); }});
        check::require(all.broken() && broken_in([&] { all.wait(); }));
    });
}

TEST(checked_barrier, BA04_a_round_that_is_complete_is_not_broken_by_a_deadline) {
    EXPECT_CORRECT([] {
        barrier all(2);
        std::atomic<int> passed{0};
        const auto go = [&] {
            if (!broken_in([&] { all.wait_for(milliseconds(1)); })) ++passed;
        };
        at_once({go, go});
        check::require(passed == (all.broken() ? 0 : 2));
    });
}

TEST(checked_barrier, BA06_a_reset_breaks_the_round_and_the_next_one_passes) {
    EXPECT_CORRECT([] {
        barrier all(3);
        const auto go = [&] {
            check::require(broken_in([&] { all.wait(); }));
            all.wait();
        };
        at_once({go, go, [&] {
                     checked::until_parked(&all, 2);
                     all.reset();
                     all.wait();
                 }});
        check::require(!all.broken() && all.n_waiting() == 0);
    });
}

TEST(checked_barrier, BA06_who_gave_up_before_a_reset_does_not_break_the_round_after_it) {
    EXPECT_CORRECT([] {
        barrier all(2);
        stoppable_thread stopped(
            [&] { checked::cancelled_in([&] { check::require(broken_in([&] { all.wait(); })); }); });
        checked::until_parked(&all, 1);
        stopped.request_stop();
        all.reset();
        const auto go = [&] { check::require(!broken_in([&] { all.wait(); })); };
        at_once({go, go});
    });
}

TEST(checked_barrier, AB01_cancelling_a_coroutine_takes_its_arrival_back) {
    EXPECT_CORRECT([] {
        barrier all(2);
        int passed = 0;
        const auto go = [&]() -> task<> {
            co_await all.async_wait();
            ++passed;
        };
        const auto main = [&]() -> task<> {
            auto first = spawn(go());
            co_await checked::parked(&all, 1);
            first.request_stop();
            auto second = spawn(go());
            auto third = spawn(go());
            co_await second;
            co_await third;
            check::require(passed == 2 && !all.broken());
        };
        heddle::run(main());
    });
}

TEST(checked_once, runs_once_and_others_see_it) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        once first;
        int value = 0;
        const auto use = [&] {
            first.call([&] { ++value; });
            check::require(value == 1);
        };
        run({use, use, use});
    });
}

TEST(checked_once, a_call_that_fails_leaves_it_to_the_next) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        once first;
        int calls = 0;
        std::atomic<int> failed{0};
        const auto use = [&] {
            try {
                first.call([&] {
                    if (++calls < 3) throw std::runtime_error("not yet");
                });
            } catch (const std::runtime_error&) {
                ++failed;
            }
        };
        run({use, use, use});
        check::require(calls == 3 && failed == 2 && first.done());
    });
}

TEST(checked_once, who_is_cancelled_while_another_is_at_it_leaves_it_to_the_rest) {
    EXPECT_CORRECT([] {
        once first;
        int value = 0;
        {
            stoppable_thread stopped([&] { checked::cancelled_in([&] { first.call([&] { ++value; }); }); });
            at_once({[&] { first.call([&] { ++value; }); }, [&] { stopped.request_stop(); }});
        }
        check::require(value == 1 && first.done());
    });
}

// The thread of the timers goes on as long as the process.
void expect_correct_with_timers(const std::function<void()>& body) {
    auto how = checked::usual();
    how.threads_left_fail = false;
    const check::report r = check::explore(body, how);
    EXPECT_TRUE(r) << r;
    EXPECT_GT(r.schedules, 20u);
}

TEST(checked_timer, TM01_runs_once_or_is_cancelled) {
    expect_correct_with_timers([] {
        std::atomic<int> ran{0};
        timer t(milliseconds(1), [&] { ++ran; });
        bool withdrawn = false;
        at_once({[&] { withdrawn = t.cancel(); }, [&] { t.join(); }});
        check::require(ran == (withdrawn ? 0 : 1) && t.fired() == !withdrawn);
    });
}

TEST(checked_timer, at_the_end_of_its_scope_its_function_is_over) {
    expect_correct_with_timers([] {
        int value = 0;
        {
            const timer t(milliseconds(1), [&] { ++value; });
        }
        check::require(value <= 1);
    });
}

TEST(checked_timer, whoever_waits_for_it_goes_on_when_it_is_over) {
    expect_correct_with_timers([] {
        int value = 0;
        timer t(milliseconds(1), [&] { value = 1; });
        const auto main = [&]() -> task<> { co_await t.async_join(); };
        at_once({[&] { heddle::run(main()); }, [&] { t.join(); }});
        check::require(value == 1);
    });
}

}  // namespace
