// SPDX-License-Identifier: BSL-1.0
// Futures, promises and thread pools in many orders.
#include <atomic>
#include <heddle/sync/event.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/wait.hpp>
#include <memory>
#include <stdexcept>
#include <utility>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::stoppable_thread;
using checked::way;
using std::chrono::milliseconds;

TEST(checked_future, everybody_gets_the_result) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        promise<std::unique_ptr<int>> p;
        const auto f = p.get_future();
        const auto get = [f] { check::require(*f.get() == 42); };
        run({get, get, [&] { p.set_value(std::make_unique<int>(42)); }});
    });
}

TEST(checked_future, a_coroutine_gets_the_result_of_a_thread) {
    EXPECT_CORRECT([] {
        promise<int> p;
        const auto f = p.get_future();
        const auto get = [&]() -> task<> { check::require(co_await f == 42); };
        at_once({[&] { checked::on_loop({get, get}); }, [&] { p.set_value(42); }});
    });
}

TEST(checked_future, FU02_is_completed_or_withdrawn_but_not_both) {
    EXPECT_CORRECT([] {
        promise<int> p;
        const auto f = p.get_future();
        std::atomic<bool> set{false};
        std::atomic<bool> withdrawn{false};
        at_once({[&] {
                     try {
                         p.set_value(1);
                         set = true;
                     } catch (const invalid_state&) {
                     }
                 },
                 [&] { withdrawn = f.cancel(); },
                 [&] {
                     bool value = false;
                     const bool gone = checked::cancelled_in([&] { value = f.get() == 1; });
                     check::require(gone != value);
                 }});
        check::require(set != withdrawn);
    });
}

TEST(checked_future, FU03_callbacks_are_called_once_and_in_order) {
    EXPECT_CORRECT([] {
        promise<int> p;
        const auto f = p.get_future();
        std::vector<int> order;
        std::atomic<int> late{0};
        f.on_done([&](const future<int>&) { order.push_back(1); });
        f.on_done([&](const future<int>&) { order.push_back(2); });
        at_once({[&] { p.set_value(1); },
                 [&] {
                     f.on_done([&](const future<int>& done) {
                         check::require(done.get() == 1);
                         ++late;
                     });
                 }});
        check::require(late == 1 && order == std::vector<int>{1, 2});
    });
}

TEST(checked_future, FU04_who_times_out_or_is_cancelled_changes_nothing) {
    EXPECT_CORRECT([] {
        promise<int> p;
        const auto f = p.get_future();
        {
            stoppable_thread stopped([&] { checked::cancelled_in([&] { check::require(f.get() == 1); }); });
            at_once({[&] { (void)f.wait_for(milliseconds(1)); }, [&] { stopped.request_stop(); },
                     [&] { p.set_value(1); }});
        }
        check::require(f.get() == 1);
    });
}

TEST(checked_future, FU04_a_coroutine_that_times_out_or_is_cancelled_keeps_its_handle) {
    EXPECT_CORRECT([] {
        promise<std::unique_ptr<int>> p;
        auto limited = p.get_future();
        auto stopped = p.get_future();
        const auto wait = [&]() -> task<> {
            const bool done = co_await limited.async_wait(rt::deadline::after(milliseconds(1)));
            check::require(!done || limited.done());
        };
        const auto take = [&]() -> task<> {
            const auto taken = co_await std::move(stopped).async_get();
            check::require(*taken == 1);
        };
        const auto main = [&]() -> task<> {
            const auto waiting = spawn(wait());
            const auto taking = spawn(take());
            co_await yield();
            std::thread asks([&] { taking.request_stop(); });
            std::thread sets([&] { p.set_value(std::make_unique<int>(1)); });
            co_await waiting.async_wait();
            co_await taking.async_wait();
            asks.join();
            sets.join();
            // Who was stopped has the handle and the value as before; otherwise both are gone.
            const bool cancelled = taking.exception() != nullptr;
            check::require(cancelled == stopped.valid() && cancelled == (limited.get() != nullptr));
        };
        heddle::run(main());
    });
}

TEST(checked_future, a_promise_that_goes_away_says_so) {
    EXPECT_CORRECT([] {
        auto p = std::make_unique<promise<int>>();
        const auto f = p->get_future();
        at_once({[&] { p.reset(); },
                 [&] {
                     try {
                         (void)f.get();
                         check::require(false);
                     } catch (const heddle::error&) {
                     }
                 }});
    });
}

TEST(checked_future, the_last_handle_frees_the_result_wherever_it_is) {
    EXPECT_CORRECT([] {
        struct counted {
            explicit counted(std::atomic<int>& n) : alive(&n) { ++*alive; }
            counted(counted&& other) noexcept : alive(std::exchange(other.alive, nullptr)) {}
            ~counted() {
                if (alive != nullptr) --*alive;
            }
            std::atomic<int>* alive;
        };
        std::atomic<int> alive{0};
        {
            promise<counted> p;
            auto f = p.get_future();
            auto g = f;
            at_once({[&] { p.set_value(alive); }, [mine = std::move(f)]() mutable { mine = {}; },
                     [mine = std::move(g)]() mutable { (void)mine.get(); }});
        }
        check::require(alive == 0);
    });
}

TEST(checked_wait, returns_when_the_first_or_all_are_done) {
    EXPECT_CORRECT([] {
        promise<int> a;
        promise<int> b;
        const std::vector both{a.get_future(), b.get_future()};
        at_once({[&] { a.set_value(1); }, [&] { b.set_value(2); },
                 [&] {
                     check::require(!wait(both, wait_mode::first_completed).done.empty());
                     check::require(wait(both).not_done.empty());
                 }});
    });
}

TEST(checked_wait, as_completed_gives_each_once) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        promise<int> a;
        promise<int> b;
        const std::vector both{a.get_future(), b.get_future(), a.get_future()};
        run({[&] { a.set_value(1); }, [&] { b.set_value(2); },
             [&] {
                 int sum = 0;
                 for (const auto& f : as_completed(both)) sum += f.get();
                 check::require(sum == 3);
             }});
    });
}

TEST(checked_thread_pool, runs_what_is_submitted_from_anywhere) {
    EXPECT_CORRECT([] {
        std::atomic<int> sum{0};
        {
            thread_pool pool(2);
            const auto submit = [&] {
                auto f = pool.submit([&] { return ++sum; });
                check::require(f.get() > 0);
            };
            at_once({submit, submit});
        }
        check::require(sum == 2);
    });
}

TEST(checked_thread_pool, EX01_map_gives_results_in_the_order_of_the_items) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        int expected = 0;
        for (const int square : pool.map([](int n) { return n * n; }, std::vector{0, 1, 2})) {
            check::require(square == expected * expected);
            ++expected;
        }
        check::require(expected == 3);
    });
}

TEST(checked_thread_pool, EX03_what_is_submitted_while_it_ends_is_refused_or_run) {
    EXPECT_CORRECT([] {
        std::atomic<int> ran{0};
        std::atomic<int> taken{0};
        {
            thread_pool pool(1);
            const auto submit = [&] {
                try {
                    pool.post([&] { ++ran; });
                    ++taken;
                } catch (const shutdown_error&) {
                }
            };
            at_once({submit, submit, [&] { pool.shutdown(); }});
        }
        check::require(ran == taken);
    });
}

TEST(checked_thread_pool, EX04_at_the_end_what_runs_is_finished_and_what_waits_can_be_withdrawn) {
    EXPECT_CORRECT([] {
        event started;
        event go_on;
        thread_pool pool(1);
        const auto running = pool.submit([&] {
            started.set();
            go_on.wait();
            return 1;
        });
        const auto waiting = pool.submit([] { return 2; });
        started.wait();
        at_once({[&] { pool.shutdown({.wait = false, .cancel_pending = true}); }, [&] { go_on.set(); }});
        check::require(running.get() == 1);
        check::require(checked::cancelled_in([&] { check::require(waiting.get() == 2); }) ==
                       (waiting.status() == future_status::cancelled));
    });
}

TEST(checked_thread_pool, EX06_an_initializer_that_throws_fails_all_that_is_submitted) {
    EXPECT_CORRECT([] {
        thread_pool pool({.workers = 2, .initializer = [] { throw std::runtime_error("no"); }});
        const auto submit = [&] {
            try {
                auto f = pool.submit([] { return 1; });
                f.get();
                check::require(false);
            } catch (const broken_pool&) {
            }
        };
        at_once({submit, submit});
    });
}

TEST(checked_thread_pool, a_task_is_run_or_withdrawn_but_not_both) {
    EXPECT_CORRECT([] {
        std::atomic<int> ran{0};
        bool withdrawn = false;
        {
            thread_pool pool(1);
            auto f = pool.submit([&] { ++ran; });
            withdrawn = f.cancel();
        }
        check::require(ran == (withdrawn ? 0 : 1));
    });
}

TEST(checked_thread_pool, a_task_that_waits_is_asked_to_stop_through_its_future) {
    EXPECT_CORRECT([] {
        thread_pool pool(1);
        semaphore never(0);
        const auto f = pool.submit([&] { never.acquire(); });
        f.request_stop();
        check::require(checked::cancelled_in([&] { f.get(); }));
    });
}

}  // namespace
