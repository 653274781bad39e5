// SPDX-License-Identifier: BSL-1.0
// Barriers, once and timers in many orders.
#include <array>
#include <atomic>
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/once.hpp>
#include <heddle/sync/timer.hpp>
#include <stdexcept>

#include "forms.hpp"

namespace {

using namespace heddle;
using checked::act;
using checked::at_once;
using checked::form;
using checked::stop_of_one;
using rt::deadline;
using std::chrono::milliseconds;

TEST(checked_barrier, BA01_each_index_is_given_once_in_each_round) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        barrier all(2);
        std::array<std::array<int, 2>, 2> given{};
        const auto go = [&]() -> act {
            for (auto& round : given) {
                const std::size_t index = co_await as.wait(all);
                ++round[index];
            }
        };
        as.run({go, go});
        for (const auto& round : given) check::require(round[0] == 1 && round[1] == 1);
        check::require(all.n_waiting() == 0);
    });
}

TEST(checked_barrier, BA02_the_action_runs_once_before_anybody_goes_on) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        int rounds = 0;
        barrier all(3, {.action = [&] { ++rounds; }});
        const auto go = [&]() -> act {
            co_await as.wait(all);
            check::require(rounds == 1);
            co_await as.wait(all);
            check::require(rounds == 2);
        };
        as.run({go, go, go});
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
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        barrier all(3, {.action = [] { throw std::runtime_error("the action"); }});
        std::atomic<int> broken{0};
        std::atomic<int> thrown{0};
        const auto go = [&]() -> act {
            try {
                co_await as.wait(all);
            } catch (const broken_barrier&) {
                ++broken;
            } catch (const std::runtime_error&) {
                ++thrown;
            }
        };
        as.run({go, go, go});
        check::require(thrown == 1 && broken == 2 && all.broken());
    });
}

TEST(checked_barrier, BA04_who_times_out_breaks_it_for_all_who_wait_or_come) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        barrier all(3);
        std::atomic<int> broken{0};
        const auto go = [&](deadline until) -> act {
            try {
                co_await as.wait_until(all, until);
            } catch (const broken_barrier&) {
                ++broken;
            }
        };
        as.run({[&] { return go(deadline::after(milliseconds(1))); }, [&] { return go(deadline::never()); }});
        check::require(broken == 2);
        check::require(all.broken() && broken_in([&] { all.wait(); }));
    });
}

TEST(checked_barrier, BA04_a_round_that_is_complete_is_not_broken_by_a_deadline) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        barrier all(2);
        std::atomic<int> passed{0};
        const auto go = [&]() -> act {
            try {
                co_await as.wait_until(all, deadline::after(milliseconds(1)));
                ++passed;
            } catch (const broken_barrier&) {
            }
        };
        as.run({go, go});
        check::require(passed == (all.broken() ? 0 : 2));
    });
}

TEST(checked_barrier, BA06_a_reset_breaks_the_round_and_the_next_one_passes) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        barrier all(3);
        std::atomic<int> broken{0};
        std::atomic<int> passed{0};
        const auto go = [&]() -> act {
            try {
                co_await as.wait(all);
            } catch (const broken_barrier&) {
                ++broken;
            }
            co_await as.wait(all);
            ++passed;
        };
        as.run({go, go, [&]() -> act {
                    co_await as.parked(&all, 2);
                    all.reset();
                    co_await as.wait(all);
                    ++passed;
                }});
        check::require(broken == 2 && passed == 3 && !all.broken() && all.n_waiting() == 0);
    });
}

TEST(checked_barrier, BA06_who_gave_up_before_a_reset_does_not_break_the_round_after_it) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        barrier all(2);
        stop_of_one stop(as);
        event as_new;
        const auto gives_up = [&]() -> act {
            stop.begin();
            try {
                co_await as.wait(all);
                check::require(false, "it went on alone");
            } catch (const broken_barrier&) {
            } catch (const cancelled&) {
            }
            co_await stop.end();
        };
        const auto go = [&]() -> act {
            co_await as.wait(as_new);
            co_await as.wait(all);
        };
        as.run({gives_up, go, [&]() -> act {
                    co_await as.parked(&all, 1);
                    co_await stop.request();
                    all.reset();
                    as_new.set();
                    co_await as.wait(all);
                }});
        check::require(!all.broken());
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
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        once first;
        int value = 0;
        const auto use = [&]() -> act {
            co_await as.call(first, [&] { ++value; });
            check::require(value == 1);
        };
        as.run({use, use, use});
    });
}

TEST(checked_once, a_call_that_suspends_is_waited_for_by_the_other_coroutines) {
    EXPECT_CORRECT([] {
        once first;
        int value = 0;
        const auto use = [&]() -> task<> {
            co_await first.async_call([&]() -> task<> {
                co_await yield();
                ++value;
            });
            check::require(value == 1);
        };
        checked::on_two_loops({use, use, use});
    });
}

TEST(checked_once, a_call_that_fails_leaves_it_to_the_next) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        once first;
        int calls = 0;
        std::atomic<int> failed{0};
        const auto use = [&]() -> act {
            try {
                co_await as.call(first, [&] {
                    if (++calls < 3) throw std::runtime_error("not yet");
                });
            } catch (const std::runtime_error&) {
                ++failed;
            }
        };
        as.run({use, use, use});
        check::require(calls == 3 && failed == 2 && first.done());
    });
}

TEST(checked_once, who_is_cancelled_while_another_is_at_it_leaves_it_to_the_rest) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        once first;
        int value = 0;
        stop_of_one stop(as);
        const auto use = [&]() -> act { co_await as.call(first, [&] { ++value; }); };
        as.run({[&]() -> act {
                    stop.begin();
                    try {
                        co_await use();
                    } catch (const cancelled&) {
                    }
                    co_await stop.end();
                },
                use, [&] { return stop.request(); }});
        check::require(value == 1 && first.done());
    });
}

TEST(checked_once, the_turn_of_a_coroutine_that_is_cancelled_goes_to_the_next) {
    EXPECT_CORRECT([] {
        once first;
        int calls = 0;
        const auto use = [&]() -> task<> { co_await first.async_call([&] { ++calls; }); };
        const auto main = [&]() -> task<> {
            event go;
            const auto fail = [&]() -> task<> {
                co_await go.async_wait();
                throw std::runtime_error("not yet");
            };
            const auto use_in_vain = [&]() -> task<> { co_await first.async_call(fail); };
            auto fails = spawn(use_in_vain());
            co_await checked::parked(&go, 1);
            auto stopped = spawn(use());
            auto other = spawn(use());
            co_await checked::parked(&first, 2);
            std::thread asks([&] { stopped.request_stop(); });
            go.set();
            bool failed = false;
            try {
                co_await fails;
            } catch (const std::runtime_error&) {
                failed = true;
            }
            try {
                co_await stopped;
            } catch (const cancelled&) {
            }
            co_await other;
            asks.join();
            check::require(failed && calls == 1 && first.done());
        };
        heddle::run(main());
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
