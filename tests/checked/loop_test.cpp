// SPDX-License-Identifier: BSL-1.0
// Coroutines on a loop, in many orders: the loop's own choice of what runs next, and threads besides.
#include <atomic>
#include <heddle/io/gather.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/task_group.hpp>
#include <heddle/task/thread_pool.hpp>
#include <memory>
#include <stdexcept>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using std::chrono::milliseconds;

TEST(checked_loop, an_update_lost_across_an_await_is_found) {
    EXPECT_FOUND("requirement", [] {
        queue<int> answers(unbounded);
        int balance = 0;
        const auto deposit = [&](int amount) -> task<> {
            const int before = balance;
            (void)co_await answers.async_get();  // as from a database
            balance = before + amount;
        };
        const auto answer = [&]() -> task<> {
            for (int i = 0; i < 2; ++i) (void)co_await answers.async_put(i);
        };
        checked::on_loop({[&] { return deposit(1); }, answer, [&] { return deposit(2); }});
        check::require(balance == 3);
    });
}

// The same program, in the order in which its tasks are spawned, does not fail; so it is the loop's choice
// that finds this.
TEST(checked_loop, a_bug_that_shows_only_if_the_second_task_runs_first_is_found) {
    EXPECT_FOUND("requirement", [] {
        std::unique_ptr<int> config;
        const auto load = [&]() -> task<> {
            config = std::make_unique<int>(1);
            co_return;
        };
        const auto use = [&]() -> task<> {
            check::require(config != nullptr);
            co_return;
        };
        checked::on_loop({load, use});
    });
}

TEST(checked_loop, an_update_without_an_await_in_the_middle_is_not_lost) {
    EXPECT_CORRECT([] {
        semaphore answers(0);
        int balance = 0;
        const auto deposit = [&](int amount) -> task<> {
            co_await answers.async_acquire();
            balance += amount;
        };
        at_once({[&] { checked::on_loop({[&] { return deposit(1); }, [&] { return deposit(2); }}); },
                 [&] { answers.release(2); }});
        check::require(balance == 3);
    });
}

TEST(checked_loop, yield_lets_all_run_that_were_ready) {
    EXPECT_CORRECT([] {
        int started = 0;
        const auto step = [&]() -> task<> {
            ++started;
            co_await yield();
            check::require(started == 3);
        };
        checked::on_loop({step, step, step});
    });
}

TEST(checked_loop, AR01_work_comes_from_other_threads_and_can_be_stopped_by_them) {
    EXPECT_CORRECT([] {
        event_loop loop;
        semaphore never(0);
        const auto wait = [&]() -> task<> {
            check::require(event_loop::current() == &loop);
            co_await never.async_acquire();
        };
        const auto asked = loop.spawn(wait());
        promise<> over;
        const auto main = [&]() -> task<> { co_await over.get_future(); };
        at_once({[&] { loop.run(main()); },
                 [&] {
                     check::require(loop.submit([] { return 7; }).get() == 7);
                     asked.request_stop();
                     check::require(checked::cancelled_in([&] { asked.get(); }));
                     over.set_value();
                 }});
    });
}

TEST(checked_loop, AT04_a_request_and_the_failure_of_a_child_are_both_told) {
    EXPECT_CORRECT([] {
        event_loop loop;
        event never;
        int begun = 0;
        int told = 0;
        const auto child = []() -> task<> {
            throw std::domain_error("child");
            co_return;
        };
        const auto body = [&](task_group& group) -> task<> {
            group.spawn(child());
            co_await never.async_wait();
        };
        const auto parent = [&]() -> task<> {
            ++begun;
            try {
                co_await with_task_group(body);
            } catch (const std::domain_error&) {
            } catch (const cancelled&) {
                ++told;
            }
            try {
                if (told == 0) co_await never.async_wait();
            } catch (const cancelled&) {
                ++told;
            }
        };
        const auto asked = loop.spawn(parent());
        const auto main = [&]() -> task<> {
            try {
                co_await asked;
            } catch (const cancelled&) {  // before it began
            }
        };
        at_once({[&] { loop.run(main()); }, [&] { asked.request_stop(); }});
        check::require(told == begun);
    });
}

TEST(checked_loop, AR02_what_main_leaves_behind_is_stopped_before_run_returns) {
    EXPECT_CORRECT([] {
        int cleaned_up = 0;
        event ready;
        const auto child = [&]() -> task<> {
            bool asked = false;
            try {
                co_await ready.async_wait();
            } catch (const cancelled&) {
                asked = true;
            }
            co_await yield();  // what is cleaned up may wait
            if (asked) ++cleaned_up;
        };
        const auto main = [&]() -> task<> {
            spawn(child());
            spawn(child());
            co_await yield();
        };
        heddle::run(main());
        check::require(cleaned_up == 2);
    });
}

TEST(checked_loop, AK02_who_is_asked_twice_may_take_both_back_and_end_as_usual) {
    EXPECT_CORRECT([] {
        event_loop loop;
        event started;
        event both;
        std::atomic<int> asking{0};
        const auto stubborn = [&]() -> task<int> {
            started.set();
            while (rt::current_task().stop_requests() < 2) {
                try {
                    co_await both.async_wait();
                } catch (const cancelled&) {
                }
            }
            check::require(rt::current_task().uncancel() == 1);
            check::require(rt::current_task().uncancel() == 0);
            co_await yield();  // would throw if a request was left
            co_return 1;
        };
        const auto asked = loop.spawn(stubborn());
        const auto main = [&]() -> task<> { check::require(co_await asked == 1); };
        const auto ask = [&] {
            started.wait();
            asked.request_stop();
            if (++asking == 2) both.set();
        };
        at_once({[&] { loop.run(main()); }, ask, ask});
    });
}

TEST(checked_loop, a_sleep_and_a_request_to_stop_end_it_once) {
    EXPECT_CORRECT([] {
        event_loop loop;
        const auto nap = [&]() -> task<> { co_await sleep(milliseconds(1)); };
        const auto asleep = loop.spawn(nap());
        const auto main = [&]() -> task<> {
            try {
                co_await asleep;
            } catch (const cancelled&) {
            }
        };
        at_once({[&] { loop.run(main()); }, [&] { asleep.request_stop(); }});
        check::require(asleep.done());
    });
}

TEST(checked_loop, gather_waits_for_all_and_gives_the_first_failure) {
    EXPECT_CORRECT([] {
        event go_on;
        bool other_ended = false;
        const auto fails = [&]() -> task<int> {
            co_await go_on.async_wait();
            throw std::runtime_error("one of them");
        };
        const auto works = [&]() -> task<int> {
            co_await go_on.async_wait();
            co_await yield();
            other_ended = true;
            co_return 1;
        };
        const auto main = [&]() -> task<> {
            try {
                (void)co_await gather(fails(), works());
                check::require(false);
            } catch (const std::runtime_error&) {
            }
            check::require(other_ended);
        };
        at_once({[&] { heddle::run(main()); }, [&] { go_on.set(); }});
    });
}

TEST(checked_loop, two_loops_hand_each_other_work) {
    EXPECT_CORRECT([] {
        queue<int> there(1);
        queue<int> back(1);
        const auto echo = [&]() -> task<> {
            for (int i = 0; i < 2; ++i) (void)co_await back.async_put(*co_await there.async_get());
        };
        const auto ask = [&]() -> task<> {
            for (int i = 0; i < 2; ++i) {
                (void)co_await there.async_put(i);
                check::require(*co_await back.async_get() == i);
            }
        };
        at_once({[&] { heddle::run(echo()); }, [&] { heddle::run(ask()); }});
    });
}

TEST(checked_loop, a_coroutine_awaits_what_a_pool_does) {
    EXPECT_CORRECT([] {
        thread_pool pool(1);
        const auto main = [&]() -> task<> {
            auto a = pool.submit([] { return 1; });
            auto b = pool.submit([] { return 2; });
            check::require(co_await b + co_await a == 3);
        };
        heddle::run(main());
    });
}

TEST(checked_loop, is_refused_or_runs_what_is_spawned_while_it_ends) {
    EXPECT_CORRECT([] {
        event_loop loop;
        std::atomic<int> ran{0};
        std::atomic<int> refused{0};
        std::atomic<int> withdrawn{0};
        const auto nothing = []() -> task<> { co_return; };
        at_once({[&] {
                     loop.run(nothing());
                     loop.shutdown();
                 },
                 [&] {
                     try {
                         const auto f = loop.submit([&] { ++ran; });
                         if (checked::cancelled_in([&] { f.get(); })) ++withdrawn;
                     } catch (const shutdown_error&) {
                         ++refused;
                     }
                 }});
        check::require(ran + refused + withdrawn == 1);
    });
}

}  // namespace
