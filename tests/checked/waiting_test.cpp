// SPDX-License-Identifier: BSL-1.0
// Semaphores, events and latches in many orders.
#include <algorithm>
#include <array>
#include <atomic>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/semaphore.hpp>
#include <memory>

#include "forms.hpp"

namespace {

using namespace heddle;
using checked::act;
using checked::at_once;
using checked::form;
using checked::stop_of_one;
using checked::stoppable_thread;
using checked::way;
using rt::deadline;
using std::chrono::milliseconds;

TEST(checked_semaphore, lets_so_many_through) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        semaphore permits(1);
        int value = 0;
        const auto add = [&] {
            const auto permit = permits.scoped_acquire();
            ++value;
        };
        run({add, add, add});
        check::require(value == 3 && permits.available() == 1);
    });
}

TEST(checked_semaphore, SE01_three_permits_let_three_through) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        semaphore permits(0);
        const auto take = [&] { permits.acquire(); };
        run({take, take, take, [&] { permits.release(3); }});
        check::require(permits.available() == 0);
    });
}

TEST(checked_semaphore, SE02_what_is_released_beyond_the_bound_changes_nothing) {
    EXPECT_CORRECT([] {
        bounded_semaphore permits(2);
        const auto use = [&] {
            permits.acquire();
            permits.release();
        };
        at_once({use, use, [&] {
                     permits.acquire();
                     try {
                         permits.release(3);
                         check::require(false, "three of two were given back");
                     } catch (const invalid_state&) {
                     }
                     permits.release();
                 }});
        check::require(permits.available() == 2);
    });
}

TEST(checked_semaphore, a_permit_is_neither_lost_nor_doubled_by_who_times_out_or_is_cancelled) {
    EXPECT_CORRECT([] {
        semaphore permits(0);
        std::atomic<int> got{0};
        {
            stoppable_thread stopped([&] {
                checked::cancelled_in([&] {
                    permits.acquire();
                    ++got;
                });
            });
            at_once({[&] {
                         if (permits.try_acquire_for(milliseconds(1))) ++got;
                     },
                     [&] { permits.release(3); },
                     [&] {
                         permits.acquire();
                         ++got;
                     },
                     [&] { stopped.request_stop(); }});
        }
        check::require(permits.available() == 3 - got);
    });
}

TEST(checked_semaphore, AS01_who_waits_is_served_before_who_comes) {
    EXPECT_CORRECT([] {
        semaphore permits(0);
        std::vector<char> order;
        const auto take = [&](char name) -> task<> {
            co_await permits.async_acquire();
            order.push_back(name);
        };
        const auto main = [&]() -> task<> {
            auto a = spawn(take('a'));
            co_await checked::parked(&permits, 1);
            permits.release();
            check::require(!permits.try_acquire());
            auto b = spawn(take('b'));
            co_await checked::parked(&permits, 1);
            check::require(order.size() == 1);
            permits.release();
            co_await a;
            co_await b;
            check::require(order[0] == 'a' && order[1] == 'b');
        };
        heddle::run(main());
    });
}

TEST(checked_semaphore, AS02_the_permit_of_who_has_left_goes_to_the_next_and_no_further) {
    EXPECT_CORRECT([] {
        semaphore permits(0);
        std::array<bool, 4> got{};
        const auto take = [&](std::size_t n) -> task<> {
            co_await permits.async_acquire();
            got[n] = true;
        };
        const auto main = [&]() -> task<> {
            std::vector<future<>> all;
            for (std::size_t n = 0; n < 4; ++n) {
                all.push_back(spawn(take(n)));
                co_await checked::parked(&permits, n + 1);
            }
            all[0].request_stop();
            all[1].request_stop();
            permits.release();
            co_await all[2];
            check::require(!got[0] && !got[1] && !got[3]);
            permits.release();
            co_await all[3];
        };
        heddle::run(main());
    });
}

TEST(checked_semaphore, AS03_who_is_granted_a_permit_and_cancelled_keeps_it_or_passes_it_on) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        semaphore permits(0);
        event both_wait;
        stop_of_one stop(as);
        int got = 0;
        bool stopped = false;
        const auto take = [&]() -> act {
            co_await as.acquire(permits);
            ++got;
            permits.release();
        };
        as.run({[&]() -> act {
                    stop.begin();
                    try {
                        co_await take();
                    } catch (const cancelled&) {
                        stopped = true;
                    }
                    co_await stop.end();
                },
                take,
                [&]() -> act {
                    co_await as.wait(both_wait);
                    co_await stop.request();
                },
                [&]() -> act {
                    co_await as.parked(&permits, 2);
                    both_wait.set();
                    permits.release();
                }});
        check::require(got == (stopped ? 1 : 2) && permits.available() == 1);
    });
}

TEST(checked_semaphore, AS04_nobody_comes_twice_before_the_others_have_been) {
    EXPECT_CORRECT([] {
        semaphore permits(1);
        std::vector<int> order;
        const auto twice = [&](int me) -> task<> {
            for (int i = 0; i < 2; ++i) {
                co_await permits.async_acquire();
                order.push_back(me);
                co_await yield();
                permits.release();
            }
        };
        const auto main = [&]() -> task<> {
            co_await permits.async_acquire();
            std::vector<future<>> all;
            for (int n = 0; n < 3; ++n) {
                all.push_back(spawn(twice(n)));
                co_await checked::parked(&permits, static_cast<std::size_t>(n) + 1);
            }
            permits.release();
            for (auto& f : all) co_await f;
            check::require(order == std::vector<int>{0, 1, 2, 0, 1, 2});
        };
        heddle::run(main());
    });
}

TEST(checked_semaphore, a_permit_too_many_is_found) {
    EXPECT_FOUND("data race", [] {
        semaphore permits(2);
        int value = 0;
        const auto add = [&] {
            permits.acquire();
            ++value;
            permits.release();
        };
        at_once({add, add});
    });
}

TEST(checked_event, what_was_done_before_it_was_set_is_seen) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        event ready;
        int value = 0;
        const auto wait = [&] {
            ready.wait();
            check::require(value == 42);
        };
        run({[&] {
                 value = 42;
                 ready.set();
             },
             wait, wait});
    });
}

TEST(checked_event, EV01_AE01_set_followed_by_clear_lets_all_through_who_waited_and_nobody_else) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        event ready;
        const auto wait = [&]() -> act {
            check::require(co_await as.wait_until(ready, deadline::after(std::chrono::hours(1))));
        };
        as.run({wait, wait, wait, [&]() -> act {
                    co_await as.parked(&ready, 3);
                    ready.set();
                    ready.clear();
                    check::require(!co_await as.wait_until(ready, deadline::after(milliseconds(0))));
                }});
    });
}

TEST(checked_event, an_automatic_one_lets_one_through_for_each_time_that_it_is_set) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        event ready(event_reset::automatic);
        event again;
        int value = 0;
        const auto wait = [&] {
            ready.wait();
            ++value;
            again.set();
        };
        run({wait, wait, [&] {
                 ready.set();
                 again.wait();
                 ready.set();
             }});
        check::require(value == 2 && !ready.is_set());
    });
}

TEST(checked_event, the_signal_of_an_automatic_one_is_not_lost_in_who_gives_up) {
    EXPECT_CORRECT([] {
        event ready(event_reset::automatic);
        std::atomic<int> got{0};
        {
            stoppable_thread stopped([&] {
                checked::cancelled_in([&] {
                    ready.wait();
                    ++got;
                });
            });
            at_once({[&] {
                         if (ready.wait_for(milliseconds(1))) ++got;
                     },
                     [&] { ready.set(); }, [&] { stopped.request_stop(); }});
        }
        check::require(got + (ready.try_wait() ? 1 : 0) == 1);
    });
}

TEST(checked_event, one_that_nobody_sets_is_found) {
    EXPECT_FOUND("deadlock", [] {
        event ready;
        std::atomic<bool> wanted{false};
        at_once({[&] { wanted = true; },
                 [&] {
                     if (wanted) return;
                     ready.wait();
                 }});
    });
}

TEST(checked_latch, everybody_sees_what_the_others_did_before) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        latch all(3);
        std::array<int, 3> seen{};
        const auto arrive = [&](std::size_t me) -> act {
            seen[me] = 1;
            co_await as.arrive_and_wait(all);
            check::require(std::ranges::count(seen, 1) == 3);
        };
        as.run({[&] { return arrive(0); }, [&] { return arrive(1); }, [&] { return arrive(2); }});
    });
}

TEST(checked_latch, who_gives_up_takes_nothing_from_the_others) {
    EXPECT_CORRECT([] {
        latch all(2);
        at_once({[&] { (void)all.wait_for(milliseconds(1)); }, [&] { all.wait(); }, [&] { all.count_down(); },
                 [&] { all.count_down(); }});
        check::require(all.try_wait());
    });
}

TEST(checked_latch, may_be_destroyed_by_who_has_passed) {
    EXPECT_CORRECT([] {
        auto all = std::make_unique<latch>(1);
        at_once({[&] { all->count_down(); },
                 [&] {
                     all->wait();
                     all.reset();
                 }});
    });
}

}  // namespace
