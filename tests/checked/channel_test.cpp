// SPDX-License-Identifier: BSL-1.0
// Channels and select in many orders.
#include <atomic>
#include <heddle/sync/channel.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/select.hpp>
#include <memory>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::stoppable_thread;
using checked::way;
using std::chrono::milliseconds;

// On the heap, so that a race for the place in which it is kept is one for its memory too.
using item = std::unique_ptr<int>;

class checked_channel : public ::testing::TestWithParam<std::size_t> {};
INSTANTIATE_TEST_SUITE_P(capacity, checked_channel, ::testing::Values(0, 1, unbounded),
                         [](const auto& c) -> std::string {
                             return c.param == 0 ? "none" : c.param == 1 ? "one" : "unbounded";
                         });

TEST_P(checked_channel, every_item_is_received_once) {
    EXPECT_CORRECT_EVERYWHERE([capacity = GetParam()](const way& run) {
        auto [out, in] = channel<item>(capacity);
        std::atomic<int> sum{0};
        const auto send = [&] {
            for (int i = 1; i <= 2; ++i) check::require(bool(out.send(std::make_unique<int>(i))));
        };
        const auto receive = [&] {
            for (int i = 0; i < 2; ++i) sum += **in.receive();
        };
        run({send, send, receive, receive});
        check::require(sum == 6);
    });
}

TEST_P(checked_channel, the_last_sender_to_go_ends_it_for_those_who_receive) {
    EXPECT_CORRECT_EVERYWHERE([capacity = GetParam()](const way& run) {
        auto [out, in] = channel<item>(capacity);
        std::atomic<int> received{0};
        const auto receive = [&] {
            while (in.receive()) ++received;
        };
        auto other = out;
        run({receive, receive,
             [&] {
                 (void)out.send(std::make_unique<int>(1));
                 out.reset();
             },
             [&] { other.reset(); }});
        check::require(received == 1);
    });
}

TEST_P(checked_channel, an_item_is_sent_and_received_or_neither_when_both_give_up_at_will) {
    EXPECT_CORRECT([capacity = GetParam()] {
        auto [out, in] = channel<int>(capacity);
        bool sent = false;
        int received = 0;
        at_once({[&] { sent = out.send_for(milliseconds(1), 1).status() == queue_status::ok; },
                 [&] {
                     if (auto got = in.receive_for(milliseconds(1))) received += *got;
                 }});
        while (auto left = in.try_receive()) received += *left;
        check::require(received == (sent ? 1 : 0));
    });
}

TEST_P(checked_channel, a_receiver_that_is_cancelled_takes_nothing) {
    EXPECT_CORRECT([capacity = GetParam()] {
        auto [out, in] = channel<int>(capacity);
        std::atomic<int> received{0};
        {
            stoppable_thread impatient([&] { checked::cancelled_in([&] { received += *in.receive(); }); });
            at_once({[&] { impatient.request_stop(); }, [&] { (void)out.send_for(milliseconds(1), 1); }});
        }
        while (auto left = in.try_receive()) received += *left;
        check::require(received <= 1);
    });
}

TEST(checked_select, each_item_goes_to_one_of_two_who_choose) {
    EXPECT_CORRECT_EVERYWHERE([](const way& run) {
        auto [out_a, in_a] = channel<int>(0);
        auto [out_b, in_b] = channel<int>(1);
        std::atomic<int> sum{0};
        const auto choose = [&] {
            const auto add = [&](queue_result<int> got) { sum += *got; };
            select(on_receive(in_a, add), on_receive(in_b, add));
        };
        run({choose, choose, [&] { (void)out_a.send(1); }, [&] { (void)out_b.send(2); }});
        check::require(sum == 3);
    });
}

TEST(checked_select, two_who_choose_to_send_and_to_receive_find_each_other) {
    EXPECT_CORRECT([] {
        auto [out_a, in_a] = channel<int>(0);
        auto [out_b, in_b] = channel<int>(0);
        int received = 0;
        const auto sent = [](queue_result<void> r) { check::require(bool(r)); };
        const auto got = [&](queue_result<int> r) { received = r ? *r : 0; };
        at_once({[&] { select(on_send(out_a, 1, sent), on_send(out_b, 2, sent)); },
                 [&] { select(on_receive(in_a, got), on_receive(in_b, got)); }});
        check::require(received == 1 || received == 2);
    });
}

TEST(checked_select, one_that_times_out_has_taken_nothing) {
    EXPECT_CORRECT([] {
        auto [out, in] = channel<int>(1);
        event never;
        int received = 0;
        at_once({[&] {
                     (void)select_for(milliseconds(1),
                                      on_receive(in, [&](queue_result<int> r) { received += *r; }),
                                      on_event(never, [] {}));
                 },
                 [&] { (void)out.send(1); }});
        while (auto left = in.try_receive()) received += *left;
        check::require(received == 1);
    });
}

}  // namespace
