// SPDX-License-Identifier: BSL-1.0
// Pools with a bound, and pools that end while tasks wait, in many orders: what was accepted has run, and the
// rest was refused or withdrawn.
#include <atomic>
#include <heddle/sync/event.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/thread_pool.hpp>
#include <optional>
#include <vector>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::cancelled_in;
using checked::stoppable_thread;

TEST(checked_bounded_pool, who_submits_waits_for_room_and_all_is_run) {
    EXPECT_CORRECT([] {
        std::atomic<int> ran{0};
        {
            thread_pool pool({.workers = 1, .capacity = 1});
            const auto submit = [&] {
                for (int i = 0; i < 2; ++i) pool.post([&] { ++ran; });
            };
            at_once({submit, submit});
        }
        check::require(ran == 4);
    });
}

TEST(checked_bounded_pool, what_finds_no_room_has_not_run) {
    EXPECT_CORRECT([] {
        std::atomic<int> ran{0};
        std::atomic<int> taken{0};
        {
            thread_pool pool({.workers = 1, .capacity = 1});
            const auto submit = [&] {
                if (pool.try_submit([&] { ++ran; })) ++taken;
            };
            at_once({submit, submit, submit});
        }
        check::require(taken >= 1 && ran == taken);
    });
}

TEST(checked_bounded_pool, who_is_stopped_while_it_waits_for_room_has_submitted_nothing) {
    EXPECT_CORRECT([] {
        std::atomic<int> ran{0};
        std::atomic<int> taken{0};
        event open;
        {
            thread_pool pool({.workers = 1, .capacity = 1});
            const auto first = pool.submit([&] { open.wait(); });
            stoppable_thread submits([&] {
                (void)cancelled_in([&] {
                    for (int i = 0; i < 2; ++i) {
                        pool.post([&] { ++ran; });
                        ++taken;
                    }
                });
            });
            at_once({[&] { submits.request_stop(); }, [&] { open.set(); }});
            submits.join();
            // The room is not lost either.
            pool.submit([] {}).get();
            check::require(pool.try_submit([] {}).has_value());
        }
        check::require(ran == taken);
    });
}

TEST(checked_bounded_pool, who_waits_for_room_as_it_ends_is_refused_or_its_task_is_run) {
    EXPECT_CORRECT([] {
        std::atomic<int> ran{0};
        std::atomic<int> taken{0};
        std::atomic<int> withdrawn{0};
        {
            thread_pool pool({.workers = 1, .capacity = 1});
            std::vector<future<>> all[2];
            const auto submit = [&](std::size_t who) {
                return [&, who] {
                    try {
                        for (int i = 0; i < 2; ++i) {
                            all[who].push_back(pool.submit([&] { ++ran; }));
                            ++taken;
                        }
                    } catch (const shutdown_error&) {
                    }
                };
            };
            at_once({submit(0), submit(1), [&] { pool.shutdown({.wait = true, .cancel_pending = true}); }});
            for (const auto& mine : all)
                for (const auto& f : mine) withdrawn += cancelled_in([&] { f.get(); });
        }
        check::require(ran + withdrawn == taken);
    });
}

TEST(checked_pool_ending, a_task_that_waits_is_waited_for) {
    EXPECT_CORRECT([] {
        semaphore turns(0);
        bool over = false;
        {
            thread_pool pool(2);
            pool.post([&] {
                turns.acquire();
                over = true;
            });
            at_once({[&] { pool.shutdown(); }, [&] { turns.release(); }});
        }
        check::require(over);
    });
}

TEST(checked_pool_ending, who_waits_for_it_with_a_limit_is_told_whether_all_has_ended) {
    EXPECT_CORRECT([] {
        semaphore turns(0);
        std::atomic<bool> over{false};
        {
            thread_pool pool(1);
            pool.post([&] {
                turns.acquire();
                over = true;
            });
            at_once({[&] {
                         if (pool.shutdown_for(std::chrono::milliseconds(1))) check::require(over);
                     },
                     [&] { turns.release(); }});
            check::require(pool.shutdown_for(std::chrono::hours(1)) && over);
        }
    });
}

// A fiber that can go on is in the same queues as the calls that are withdrawn.
TEST(checked_pool_ending, a_task_that_has_begun_is_not_withdrawn_wherever_it_waits) {
    EXPECT_CORRECT([] {
        event begun;
        semaphore turns(0);
        bool over = false;
        std::atomic<int> ran{0};
        thread_pool pool(1);
        const auto waits = pool.submit([&] {
            begun.set();
            turns.acquire();
            over = true;
        });
        const auto pending = pool.submit([&] { ++ran; });
        begun.wait();
        at_once({[&] { turns.release(); }, [&] { pool.shutdown({.wait = true, .cancel_pending = true}); }});
        waits.get();
        check::require(over && ran + cancelled_in([&] { pending.get(); }) == 1);
    });
}

TEST(checked_pool_ending, a_task_that_waits_for_one_that_is_withdrawn_goes_on) {
    EXPECT_CORRECT([] {
        std::atomic<int> inner{0};
        event begun;
        thread_pool pool(1);
        const auto outer = pool.submit([&] {
            std::optional<future<>> f;
            try {
                f = pool.submit([&] { ++inner; });
            } catch (const shutdown_error&) {
                return 1;
            }
            begun.set();
            return static_cast<int>(cancelled_in([&] { f->get(); }));
        });
        at_once({[&] { pool.shutdown({.wait = true, .cancel_pending = true}); }});
        int left_out = 1;
        if (!cancelled_in([&] { left_out = outer.get(); }))
            check::require(inner + left_out == 1);
        else
            check::require(inner == 0);
    });
}

}  // namespace
