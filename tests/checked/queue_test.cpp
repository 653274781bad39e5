// SPDX-License-Identifier: BSL-1.0
// Queues in many orders.
#include <algorithm>
#include <atomic>
#include <heddle/sync/lifo_queue.hpp>
#include <heddle/sync/priority_queue.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/sync/spsc_queue.hpp>
#include <memory>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::stoppable_thread;
using checked::way;
using std::chrono::milliseconds;

// An item that is on the heap, so that a race for the place in which it is kept is one for its memory too.
using item = std::unique_ptr<int>;
struct smaller {
    bool operator()(const item& a, const item& b) const { return *a < *b; }
};

template <class Queue> class checked_queue : public ::testing::Test {};
using queues = ::testing::Types<queue<item>, lifo_queue<item>, priority_queue<item, smaller>>;
TYPED_TEST_SUITE(checked_queue, queues);

item made(int value) {
    return std::make_unique<int>(value);
}

TYPED_TEST(checked_queue, every_item_is_got_once_with_room_for_one) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        TypeParam q(1);
        std::atomic<int> sum{0};
        const auto put = [&] {
            for (int i = 1; i <= 2; ++i) check::require(bool(q.put(made(i))));
        };
        const auto get = [&] {
            for (int i = 0; i < 2; ++i) sum += **q.get();
        };
        run({put, put, get, get});
        check::require(sum == 6 && q.empty());
    });
}

TYPED_TEST(checked_queue, every_item_is_got_once_without_a_limit) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        TypeParam q(unbounded);
        std::atomic<int> sum{0};
        const auto put = [&] {
            for (int i = 1; i <= 2; ++i) (void)q.put(made(i));
        };
        run({put, put, [&] {
                 for (int i = 0; i < 4; ++i) sum += **q.get();
             }});
        check::require(sum == 6 && q.empty());
    });
}

TYPED_TEST(checked_queue, joins_threads_and_coroutines) {
    EXPECT_CORRECT([] {
        TypeParam there(1);
        TypeParam back(1);
        const auto main = [&]() -> task<> {
            for (int i = 0; i < 2; ++i) {
                auto got = co_await there.async_get();
                (void)co_await back.async_put(made(**got + 1));
            }
        };
        at_once({[&] { heddle::run(main()); },
                 [&] {
                     for (int i = 0; i < 2; ++i) {
                         (void)there.put(made(i));
                         check::require(**back.get() == i + 1);
                     }
                 }});
    });
}

TYPED_TEST(checked_queue, nothing_is_lost_in_who_times_out_or_is_cancelled) {
    EXPECT_CORRECT([] {
        TypeParam q(1);
        std::atomic<int> in{0};
        std::atomic<int> out{0};
        {
            stoppable_thread getter([&] {
                checked::cancelled_in([&] {
                    if (q.get()) ++out;
                });
            });
            stoppable_thread putter([&] {
                checked::cancelled_in([&] {
                    if (q.put(made(1))) ++in;
                });
            });
            at_once({[&] {
                         if (q.get_for(milliseconds(1))) ++out;
                     },
                     [&] {
                         if (q.put_for(milliseconds(1), made(2))) ++in;
                     },
                     [&] {
                         getter.request_stop();
                         putter.request_stop();
                     }});
        }
        while (q.try_get()) ++out;
        check::require(in == out);
    });
}

TYPED_TEST(checked_queue, QU02_join_returns_when_all_that_was_put_is_dealt_with) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        TypeParam q(2);
        int done = 0;
        (void)q.put(made(1));
        (void)q.put(made(2));
        const auto join = [&] {
            q.join();
            check::require(done == 2);
        };
        run({join, join, [&] {
                 for (int i = 0; i < 2; ++i) {
                     (void)q.get();
                     ++done;
                     q.task_done();
                 }
             }});
        check::require([&] {
            try {
                q.task_done();
                return false;
            } catch (const invalid_state&) {
                return true;
            }
        }());
    });
}

TYPED_TEST(checked_queue, QS02_AQ03_an_immediate_end_leaves_who_joins_waiting_for_what_was_got) {
    EXPECT_CORRECT([] {
        TypeParam q(2);
        (void)q.put(made(1));
        (void)q.put(made(2));
        std::atomic<bool> dealt_with{false};
        const auto got = q.get();
        const auto join = [&]() -> task<> {
            co_await q.async_join();
            check::require(dealt_with);
            const auto end = co_await q.async_get();
            check::require(end.status() == queue_status::closed);
        };
        at_once({[&] { q.shutdown({.immediate = true}); },
                 [&] {
                     q.join();
                     check::require(dealt_with);
                 },
                 [&] { heddle::run(join()); },
                 [&] {
                     dealt_with = true;
                     q.task_done();
                 }});
        check::require(q.empty() && q.get().status() == queue_status::closed);
        check::require([&] {
            try {
                q.task_done();
                return false;
            } catch (const invalid_state&) {
                return true;
            }
        }());
    });
}

TYPED_TEST(checked_queue, QS03_the_end_wakes_all_who_wait_to_get) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        TypeParam q(1);
        const auto get = [&] { check::require(q.get().status() == queue_status::closed); };
        run({get, get, get, [&] { q.shutdown(); }});
    });
}

TYPED_TEST(checked_queue, QS03_the_end_wakes_all_who_wait_to_put_and_leaves_what_is_inside) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        TypeParam q(1);
        (void)q.put(made(0));
        const auto put = [&] { check::require(q.put(made(1)).status() == queue_status::closed); };
        run({put, put, [&] { q.shutdown(); }});
        check::require(**q.get() == 0 && q.get().status() == queue_status::closed);
    });
}

TYPED_TEST(checked_queue, an_item_that_is_put_while_the_queue_ends_is_refused_or_got) {
    EXPECT_CORRECT([] {
        TypeParam q(1);
        std::atomic<int> in{0};
        std::atomic<int> out{0};
        const auto put = [&] {
            if (q.put(made(1))) ++in;
        };
        const auto get = [&] {
            while (q.get()) ++out;
        };
        at_once({put, put, get, get, [&] { q.shutdown(); }});
        check::require(in == out);
    });
}

TYPED_TEST(checked_queue, AQ01_an_item_for_a_getter_that_is_cancelled_goes_to_the_next) {
    EXPECT_CORRECT([] {
        TypeParam q(1);
        int got = 0;
        const auto get = [&]() -> task<> {
            if (co_await q.async_get()) ++got;
        };
        const auto main = [&]() -> task<> {
            auto first = spawn(get());
            auto second = spawn(get());
            co_await checked::parked(&q, 2);
            std::thread other([&] { first.request_stop(); });
            (void)co_await q.async_put(made(1));
            bool stopped = false;
            try {
                co_await first;
            } catch (const cancelled&) {
                stopped = true;
            }
            other.join();
            if (!stopped) (void)co_await q.async_put(made(2));
            co_await second;
            check::require(got == (stopped ? 1 : 2) && q.empty());
        };
        heddle::run(main());
    });
}

TYPED_TEST(checked_queue, AQ02_a_putter_that_is_cancelled_takes_no_room) {
    EXPECT_CORRECT([] {
        TypeParam q(1);
        std::vector<int> order;
        const auto put = [&](int n) -> task<> { (void)co_await q.async_put(made(n)); };
        const auto main = [&]() -> task<> {
            co_await put(0);
            std::vector<future<>> putters;
            for (int n = 1; n <= 2; ++n) putters.push_back(spawn(put(n)));
            co_await checked::parked(&q, 2);
            putters[0].request_stop();
            order.push_back(**co_await q.async_get());
            co_await putters[1];
            order.push_back(**co_await q.async_get());
            check::require(order == std::vector<int>{0, 2});
        };
        heddle::run(main());
    });
}

TEST(checked_fifo_queue, items_of_one_producer_stay_in_order) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        queue<int> q(2);
        run({[&] {
                 for (int i = 0; i < 4; ++i) (void)q.put(i);
             },
             [&] {
                 for (int i = 0; i < 4; ++i) check::require(*q.get() == i);
             }});
    });
}

TEST(checked_fifo_queue, goes_on_in_the_next_ring_when_one_is_full) {
    EXPECT_CORRECT([] {
        queue<int> q(unbounded);
        constexpr int almost_full = 63;
        for (int i = 0; i < almost_full; ++i) (void)q.put(0);
        int sum = 0;
        const auto put = [&] {
            (void)q.put(1);
            (void)q.put(2);
        };
        at_once({put, put, [&] {
                     for (int i = 0; i < almost_full + 4; ++i) sum += *q.get();
                 }});
        check::require(sum == 6 && q.empty());
    });
}

TEST(checked_spsc_queue, every_item_is_got_once_and_in_order) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        spsc_queue<item> q(2);
        run({[&] {
                 for (int i = 0; i < 4; ++i) check::require(bool(q.put(made(i))));
             },
             [&] {
                 for (int i = 0; i < 4; ++i) check::require(**q.get() == i);
             }});
        check::require(q.size() == 0);
    });
}

TEST(checked_spsc_queue, joins_a_thread_and_a_coroutine) {
    EXPECT_CORRECT([] {
        spsc_queue<item> q(1);
        const auto main = [&]() -> task<> {
            for (int i = 0; i < 3; ++i) {
                auto got = co_await q.async_get();
                check::require(**got == i);
            }
        };
        at_once({[&] { heddle::run(main()); },
                 [&] {
                     for (int i = 0; i < 3; ++i) (void)q.put(made(i));
                 }});
    });
}

TEST(checked_spsc_queue, the_end_wakes_both_sides_and_loses_nothing) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        spsc_queue<item> q(1);
        int in = 0;
        int out = 0;
        run({[&] {
                 while (in < 3 && q.put(made(in))) ++in;
             },
             [&] {
                 while (q.get()) ++out;
             },
             [&] { q.shutdown(); }});
        check::require(in == out);
    });
}

TEST(checked_spsc_queue, nothing_is_lost_in_who_times_out_or_is_cancelled) {
    EXPECT_CORRECT([] {
        spsc_queue<item> q(1);
        int in = 0;
        int out = 0;
        {
            stoppable_thread getter([&] {
                checked::cancelled_in([&] {
                    if (q.get()) ++out;
                });
            });
            at_once({[&] {
                         for (int i = 0; i < 2; ++i)
                             if (q.put_for(milliseconds(1), made(i))) ++in;
                     },
                     [&] { getter.request_stop(); }});
        }
        while (q.try_get()) ++out;
        check::require(in == out);
    });
}

}  // namespace
