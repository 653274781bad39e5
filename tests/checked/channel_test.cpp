// SPDX-License-Identifier: BSL-1.0
// Channels and select in many orders.
#include <atomic>
#include <heddle/sync/channel.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/select.hpp>
#include <memory>

#include "forms.hpp"

namespace {

using namespace heddle;
using checked::act;
using checked::form;
using checked::stop_of_one;
using rt::deadline;
using std::chrono::milliseconds;

// On the heap, so that a race for the place in which it is kept is one for its memory too.
using item = std::unique_ptr<int>;

class checked_channel : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(capacity, checked_channel, ::testing::Values(0, 1, unbounded),
                         [](const auto& c) -> std::string {
                             return c.param == 0 ? "none" : c.param == 1 ? "one" : "unbounded";
                         });

TEST_P(checked_channel, every_item_is_received_once) {
    EXPECT_CORRECT_IN_EVERY_FORM([capacity = GetParam()](const form& as) {
        auto [out, in] = channel<item>(capacity);
        std::atomic<int> sum{0};
        const auto send = [&, &out = out]() -> act {
            for (int i = 1; i <= 2; ++i)
                check::require(bool(co_await as.send(out, std::make_unique<int>(i))));
        };
        const auto receive = [&, &in = in]() -> act {
            for (int i = 0; i < 2; ++i) {
                auto got = co_await as.receive(in);
                sum += **got;
            }
        };
        as.run({send, send, receive, receive});
        check::require(sum == 6);
    });
}

TEST_P(checked_channel, the_last_sender_to_go_ends_it_for_those_who_receive) {
    EXPECT_CORRECT_IN_EVERY_FORM([capacity = GetParam()](const form& as) {
        auto [out, in] = channel<item>(capacity);
        std::atomic<int> received{0};
        const auto receive = [&, &in = in]() -> act {
            while (co_await as.receive(in)) ++received;
        };
        auto other = out;
        as.run({receive, receive,
                [&, &out = out]() -> act {
                    (void)co_await as.send(out, std::make_unique<int>(1));
                    out.reset();
                },
                [&]() -> act {
                    other.reset();
                    co_return;
                }});
        check::require(received == 1);
    });
}

TEST_P(checked_channel, an_item_is_sent_and_received_or_neither_when_both_give_up_at_will) {
    EXPECT_CORRECT_IN_EVERY_FORM([capacity = GetParam()](const form& as) {
        auto [out, in] = channel<int>(capacity);
        bool sent = false;
        int received = 0;
        as.run({[&, &out = out]() -> act {
                    const auto done = co_await as.send_until(out, deadline::after(milliseconds(1)), 1);
                    sent = done.status() == queue_status::ok;
                },
                [&, &in = in]() -> act {
                    auto got = co_await as.receive_until(in, deadline::after(milliseconds(1)));
                    if (got) received += *got;
                }});
        while (auto left = in.try_receive()) received += *left;
        check::require(received == (sent ? 1 : 0));
    });
}

TEST_P(checked_channel, AQ01_an_item_for_a_receiver_that_is_cancelled_goes_to_the_next) {
    EXPECT_CORRECT_IN_EVERY_FORM([capacity = GetParam()](const form& as) {
        auto [out, in] = channel<item>(capacity);
        const void* const address = detail::channel_access::core(in).address();
        event both_wait;
        event first_is_over;
        stop_of_one stop(as);
        std::atomic<int> received{0};
        std::atomic<bool> stopped{false};
        const auto receive = [&, &in = in]() -> act {
            if (co_await as.receive(in)) ++received;
        };
        as.run({[&]() -> act {
                    stop.begin();
                    try {
                        co_await receive();
                    } catch (const cancelled&) {
                        stopped = true;
                    }
                    first_is_over.set();
                    co_await stop.end();
                },
                receive,
                [&, &out = out]() -> act {
                    co_await as.parked(address, 2);
                    both_wait.set();
                    (void)co_await as.send(out, std::make_unique<int>(1));
                    co_await as.wait(first_is_over);
                    if (!stopped) (void)co_await as.send(out, std::make_unique<int>(2));
                },
                [&]() -> act {
                    co_await as.wait(both_wait);
                    co_await stop.request();
                }});
        check::require(received == (stopped ? 1 : 2) && !in.try_receive());
    });
}

TEST_P(checked_channel, AQ02_a_sender_that_is_cancelled_takes_no_room_and_leaves_the_order) {
    if (GetParam() == unbounded) GTEST_SKIP() << "nobody waits to send";
    EXPECT_CORRECT_IN_EVERY_FORM([capacity = GetParam()](const form& as) {
        auto [out, in] = channel<int>(capacity);
        const void* const address = detail::channel_access::core(in).address();
        event first_waits;
        event both_wait;
        stop_of_one stop(as);
        bool stopped = false;
        std::vector<int> received;
        if (capacity == 1) (void)out.send(0);
        as.run({[&, &out = out]() -> act {
                    stop.begin();
                    try {
                        (void)co_await as.send(out, 1);
                    } catch (const cancelled&) {
                        stopped = true;
                    }
                    co_await stop.end();
                },
                [&, &out = out]() -> act {
                    co_await as.wait(first_waits);
                    (void)co_await as.send(out, 2);
                },
                [&, &in = in]() -> act {
                    co_await as.parked(address, 1);
                    first_waits.set();
                    co_await as.parked(address, 2);
                    both_wait.set();
                    while (received.empty() || received.back() != 2) {
                        auto got = co_await as.receive(in);
                        received.push_back(*got);
                    }
                },
                [&]() -> act {
                    co_await as.wait(both_wait);
                    co_await stop.request();
                }});
        std::vector<int> expected{2};
        if (!stopped) expected.insert(expected.begin(), 1);
        if (capacity == 1) expected.insert(expected.begin(), 0);
        check::require(received == expected);
    });
}

TEST(checked_select, each_item_goes_to_one_of_two_who_choose) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        auto [out_a, in_a] = channel<int>(0);
        auto [out_b, in_b] = channel<int>(1);
        std::atomic<int> sum{0};
        const auto choose = [&, &in_a = in_a, &in_b = in_b]() -> act {
            const auto add = [&](queue_result<int> got) { sum += *got; };
            co_await as.select(on_receive(in_a, add), on_receive(in_b, add));
        };
        as.run({choose, choose, [&, &out_a = out_a]() -> act { (void)co_await as.send(out_a, 1); },
                [&, &out_b = out_b]() -> act { (void)co_await as.send(out_b, 2); }});
        check::require(sum == 3);
    });
}

TEST(checked_select, two_who_choose_to_send_and_to_receive_find_each_other) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        auto [out_a, in_a] = channel<int>(0);
        auto [out_b, in_b] = channel<int>(0);
        int received = 0;
        const auto sent = [](queue_result<void> r) { check::require(bool(r)); };
        const auto got = [&](queue_result<int> r) { received = r ? *r : 0; };
        as.run({[&, &out_a = out_a, &out_b = out_b]() -> act {
                    const int one = 1;
                    const int two = 2;
                    co_await as.select(on_send(out_a, one, sent), on_send(out_b, two, sent));
                },
                [&, &in_a = in_a, &in_b = in_b]() -> act {
                    co_await as.select(on_receive(in_a, got), on_receive(in_b, got));
                }});
        check::require(received == 1 || received == 2);
    });
}

TEST(checked_select, one_that_times_out_has_taken_nothing) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        auto [out, in] = channel<int>(1);
        event never;
        int received = 0;
        as.run({[&, &in = in]() -> act {
                    (void)co_await as.select_until(
                        deadline::after(milliseconds(1)),
                        on_receive(in, [&](queue_result<int> r) { received += *r; }), on_event(never, [] {}));
                },
                [&, &out = out]() -> act { (void)co_await as.send(out, 1); }});
        while (auto left = in.try_receive()) received += *left;
        check::require(received == 1);
    });
}

TEST(checked_select, one_that_is_cancelled_has_taken_nothing) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        auto [out_a, in_a] = channel<int>(0);
        auto [out_b, in_b] = channel<int>(1);
        stop_of_one stop(as);
        std::atomic<int> received{0};
        const auto add = [&](queue_result<int> r) { received += r ? *r : 0; };
        bool sent = false;
        as.run({[&, &in_a = in_a, &in_b = in_b]() -> act {
                    stop.begin();
                    try {
                        co_await as.select(on_receive(in_a, add), on_receive(in_b, add));
                    } catch (const cancelled&) {
                    }
                    co_await stop.end();
                },
                [&, &out_a = out_a, &out_b = out_b]() -> act {
                    const auto one = co_await as.send_until(out_a, deadline::after(milliseconds(1)), 1);
                    sent = bool(one);
                    (void)co_await as.send(out_b, 2);
                },
                [&] { return stop.request(); }});
        while (auto left = in_b.try_receive()) received += *left;
        check::require(received == (sent ? 3 : 2));
    });
}

}  // namespace
