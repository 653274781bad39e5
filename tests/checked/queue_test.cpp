// SPDX-License-Identifier: BSL-1.0
// Queues in many orders.
#include <algorithm>
#include <atomic>
#include <heddle/sync/event.hpp>
#include <heddle/sync/lifo_queue.hpp>
#include <heddle/sync/priority_queue.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/sync/spsc_queue.hpp>
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
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam q(1);
        std::atomic<int> sum{0};
        const auto put = [&]() -> act {
            for (int i = 1; i <= 2; ++i) check::require(bool(co_await as.put(q, made(i))));
        };
        const auto get = [&]() -> act {
            for (int i = 0; i < 2; ++i) {
                auto got = co_await as.get(q);
                sum += **got;
            }
        };
        as.run({put, put, get, get});
        check::require(sum == 6 && q.empty());
    });
}

TYPED_TEST(checked_queue, every_item_is_got_once_without_a_limit) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam q(unbounded);
        int sum = 0;
        const auto put = [&]() -> act {
            for (int i = 1; i <= 2; ++i) (void)co_await as.put(q, made(i));
        };
        as.run({put, put, [&]() -> act {
                    for (int i = 0; i < 4; ++i) {
                        auto got = co_await as.get(q);
                        sum += **got;
                    }
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
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam q(2);
        int done = 0;
        (void)q.put(made(1));
        (void)q.put(made(2));
        const auto join = [&]() -> act {
            co_await as.join(q);
            check::require(done == 2);
        };
        as.run({join, join, [&]() -> act {
                    for (int i = 0; i < 2; ++i) {
                        (void)co_await as.get(q);
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
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam q(2);
        (void)q.put(made(1));
        (void)q.put(made(2));
        std::atomic<bool> dealt_with{false};
        const auto got = q.get();
        const auto join = [&]() -> act {
            co_await as.join(q);
            check::require(dealt_with);
            const auto end = co_await as.get(q);
            check::require(end.status() == queue_status::closed);
        };
        as.run({[&]() -> act {
                    q.shutdown({.immediate = true});
                    co_return;
                },
                join, join,
                [&]() -> act {
                    dealt_with = true;
                    q.task_done();
                    co_return;
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
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam q(1);
        const auto get = [&]() -> act {
            const auto end = co_await as.get(q);
            check::require(end.status() == queue_status::closed);
        };
        as.run({get, get, get, [&]() -> act {
                    q.shutdown();
                    co_return;
                }});
    });
}

TYPED_TEST(checked_queue, QS01_QS03_the_end_wakes_all_who_wait_to_put_and_leaves_what_is_inside) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam q(1);
        (void)q.put(made(0));
        const auto put = [&]() -> act {
            const auto end = co_await as.put(q, made(1));
            check::require(end.status() == queue_status::closed);
        };
        as.run({put, put, [&]() -> act {
                    q.shutdown();
                    co_return;
                }});
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
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        TypeParam q(1);
        event both_wait;
        event first_is_over;
        stop_of_one stop(as);
        std::atomic<int> got{0};
        std::atomic<bool> stopped{false};
        const auto get = [&]() -> act {
            if (co_await as.get(q)) ++got;
        };
        as.run({[&]() -> act {
                    stop.begin();
                    try {
                        co_await get();
                    } catch (const cancelled&) {
                        stopped = true;
                    }
                    first_is_over.set();
                    co_await stop.end();
                },
                get,
                [&]() -> act {
                    co_await as.parked(&q, 2);
                    both_wait.set();
                    (void)co_await as.put(q, made(1));
                    co_await as.wait(first_is_over);
                    if (!stopped) (void)co_await as.put(q, made(2));
                },
                [&]() -> act {
                    co_await as.wait(both_wait);
                    co_await stop.request();
                }});
        check::require(got == (stopped ? 1 : 2) && q.empty());
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
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        spsc_queue<item> q(2);
        as.run({[&]() -> act {
                    for (int i = 0; i < 4; ++i) check::require(bool(co_await as.put(q, made(i))));
                },
                [&]() -> act {
                    for (int i = 0; i < 4; ++i) {
                        auto got = co_await as.get(q);
                        check::require(**got == i);
                    }
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

TEST(checked_spsc_queue, AQ01_an_item_for_a_getter_that_is_cancelled_is_got_later) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        spsc_queue<item> q(1);
        stop_of_one stop(as);
        std::vector<int> out;
        as.run({[&]() -> act {
                    stop.begin();
                    try {
                        auto got = co_await as.get(q);
                        out.push_back(**got);
                    } catch (const cancelled&) {
                    }
                    co_await stop.end();
                },
                [&]() -> act {
                    for (int i = 0; i < 2; ++i)
                        (void)co_await as.put_until(q, deadline::after(milliseconds(1)), made(i));
                },
                [&] { return stop.request(); }});
        while (auto left = q.try_get()) out.push_back(**left);
        // The second may have found no room, but the first did.
        check::require(out == std::vector<int>{0} || out == std::vector<int>{0, 1});
    });
}

TEST(checked_spsc_queue, AQ02_a_putter_that_is_cancelled_takes_no_room_and_leaves_the_order) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        spsc_queue<item> q(1);
        stop_of_one stop(as);
        std::vector<int> in;
        std::vector<int> out;
        as.run({[&]() -> act {
                    stop.begin();
                    for (int i = 0; i < 3; ++i) try {
                            if (co_await as.put(q, made(i))) in.push_back(i);
                        } catch (const cancelled&) {
                        }
                    q.shutdown();
                    co_await stop.end();
                },
                [&]() -> act {
                    for (;;) {
                        auto got = co_await as.get(q);
                        if (!got) break;
                        out.push_back(**got);
                    }
                },
                [&] { return stop.request(); }});
        check::require(in == out && out.size() >= 2);
    });
}

}  // namespace
