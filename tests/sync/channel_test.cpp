// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/channel.hpp>

#include <gtest/gtest.h>
#include <optional>
#include <ranges>
#include "queues.hpp"

using namespace std::chrono_literals;
using heddle::channel;
using heddle::queue_status;
using heddle::receiver;
using heddle::sender;
using heddle::task;
using sync_tests::awkward;
using sync_tests::counted;
using sync_tests::deadline;
using sync_tests::settle;
using sync_tests::stoppable_thread;
using sync_tests::until;

namespace {

const void* end_place(const auto& end) {
    return heddle::detail::channel_access::core(end).address();
}

void until_waiting_at(const auto& end, std::size_t n) {
    sync_tests::until_parked(end_place(end), n);
}

}  // namespace

/// With every kind of capacity at which items have to wait for each other.
class any_channel : public ::testing::TestWithParam<std::size_t> {};

INSTANTIATE_TEST_SUITE_P(capacities, any_channel, ::testing::Values(0, 1, 3, heddle::unbounded),
                         [](const auto& i) {
                             return i.param == heddle::unbounded ? std::string("unbounded")
                                                                 : std::to_string(i.param);
                         });

TEST_P(any_channel, passes_items_in_their_order_until_the_last_sender_has_gone) {
    auto [out, in] = channel<int>(GetParam());
    std::thread t([o = std::move(out)]() mutable {
        for (int i = 0; i < 100; ++i) EXPECT_TRUE(o.send(i));
    });
    int expected = 0;
    for (const int i : in) EXPECT_EQ(i, expected++);
    EXPECT_EQ(expected, 100);
    EXPECT_EQ(in.receive().status(), queue_status::closed);
    EXPECT_TRUE(in.closed());
    t.join();
}

TEST_P(any_channel, carries_items_that_can_only_be_moved) {
    auto [out, in] = channel<std::unique_ptr<int>>(GetParam());
    std::thread t([&o = out] { EXPECT_TRUE(o.send(std::make_unique<int>(7))); });
    const auto got = in.receive();
    ASSERT_TRUE(got);
    t.join();
    auto item = in.try_receive();
    EXPECT_EQ(item.status(), queue_status::empty);
}

TEST_P(any_channel, tells_senders_when_the_last_receiver_has_gone) {
    auto [out, in] = channel<int>(GetParam());
    receiver<int> second = in;
    in.reset();
    EXPECT_FALSE(out.closed());
    second = {};
    EXPECT_TRUE(out.closed());
    EXPECT_EQ(out.send(1).status(), queue_status::closed);
    EXPECT_EQ(out.try_send(1).status(), queue_status::closed);
    EXPECT_EQ(out.send_for(1h, 1).status(), queue_status::closed);
}

TEST_P(any_channel, stays_open_while_one_sender_is_left) {
    auto [out, in] = channel<int>(GetParam());
    sender<int> second(out);
    sender<int> third = std::move(out);
    EXPECT_FALSE(out.valid());
    third.reset();
    EXPECT_EQ(in.try_receive().status(), queue_status::empty);
    second.reset();
    EXPECT_EQ(in.try_receive().status(), queue_status::closed);
}

TEST_P(any_channel, that_a_sender_closes_is_closed_for_all) {
    auto [out, in] = channel<int>(GetParam());
    sender<int> second = out;
    second.close();
    second.close();
    EXPECT_EQ(out.send(1).status(), queue_status::closed);
    EXPECT_EQ(in.receive().status(), queue_status::closed);
}

TEST_P(any_channel, QS03_wakes_who_waits_to_receive_when_it_is_closed) {
    auto [out, in] = channel<int>(GetParam());
    std::atomic<int> told{0};
    std::vector<std::thread> group;
    for (int i = 0; i < 3; ++i)
        group.emplace_back([&told, &i_ = in] {
            if (i_.receive().status() == queue_status::closed) told.fetch_add(1);
        });
    until_waiting_at(in, 3);
    out.reset();
    for (auto& t : group) t.join();
    EXPECT_EQ(told.load(), 3);
}

TEST_P(any_channel, X2_who_is_asked_to_stop_gets_cancelled_and_has_received_nothing) {
    auto [out, in] = channel<int>(GetParam());
    stoppable_thread t([&i_ = in] { EXPECT_THROW((void)i_.receive(), heddle::cancelled); });
    until_waiting_at(in, 1);
    t.request_stop();
    t.join();
    std::thread other([&o = out] { EXPECT_TRUE(o.send(5)); });
    EXPECT_EQ(*in.receive(), 5);
    other.join();
}

TEST_P(any_channel, gives_up_at_a_deadline) {
    auto [out, in] = channel<int>(GetParam());
    EXPECT_EQ(in.receive_for(1us).status(), queue_status::timed_out);
    EXPECT_EQ(in.receive_for(-1s).status(), queue_status::timed_out);
    EXPECT_EQ(in.receive_until(deadline::after(1us)).status(), queue_status::timed_out);
}

TEST_P(any_channel, joins_threads_fibers_and_coroutines) {
    auto [out, in] = channel<int>(GetParam());
    std::thread t([o = out]() mutable {
        for (int i = 1; i <= 50; ++i) EXPECT_TRUE(o.send(i));
    });
    std::thread f([o = out]() mutable {
        sync_tests::run_fibers({[o]() mutable {
            for (int i = 51; i <= 100; ++i) EXPECT_TRUE(o.send(i));
        }});
    });
    std::thread c([o = std::move(out)]() mutable {
        const auto main = [](sender<int> mine) -> task<> {
            for (int i = 101; i <= 150; ++i) EXPECT_TRUE(co_await mine.async_send(i));
        };
        heddle::run(main(std::move(o)));
    });
    long sum = 0;
    const auto main = [](receiver<int>& mine, long& total) -> task<> {
        while (auto item = co_await mine.async_receive()) total += *item;
    };
    heddle::run(main(in, sum));
    t.join();
    f.join();
    c.join();
    EXPECT_EQ(sum, 150 * 151 / 2);
}

TEST_P(any_channel, frees_what_is_left_in_it) {
    const int before = counted::alive;
    {
        auto [out, in] = channel<counted>(GetParam());
        (void)out.try_send(counted(1));
        (void)out.try_send(counted(2));
    }
    EXPECT_EQ(counted::alive, before);
}

TEST(channel, drops_what_is_inside_when_nobody_is_left_to_receive_it) {
    const int before = counted::alive;
    auto [out, in] = channel<counted>(4);
    EXPECT_TRUE(out.send(counted(1)));
    EXPECT_TRUE(out.send(counted(2)));
    EXPECT_EQ(counted::alive, before + 2);
    in.reset();
    EXPECT_EQ(counted::alive, before);
}

TEST(channel, gives_what_is_left_after_it_has_been_closed) {
    auto [out, in] = channel<int>(4);
    EXPECT_TRUE(out.send(1));
    EXPECT_TRUE(out.send(2));
    EXPECT_EQ(in.size(), 2U);
    EXPECT_EQ(in.capacity(), 4U);
    out.close();
    EXPECT_EQ(*in.receive(), 1);
    EXPECT_EQ(*in.try_receive(), 2);
    EXPECT_EQ(in.receive().status(), queue_status::closed);
}

TEST(channel, QU01_that_is_full_says_so_or_waits_until_a_deadline) {
    auto [out, in] = channel<int>(1);
    EXPECT_TRUE(out.try_send(1));
    EXPECT_EQ(out.try_send(2).status(), queue_status::full);
    EXPECT_EQ(out.send_for(1us, 2).status(), queue_status::timed_out);
    EXPECT_EQ(out.send_for(-1s, 2).status(), queue_status::timed_out);
    EXPECT_EQ(out.send_until(deadline::after(1us), 2).status(), queue_status::timed_out);
    EXPECT_EQ(*in.receive(), 1);
}

TEST(channel, QS03_wakes_who_waits_to_send_when_it_is_closed) {
    auto [out, in] = channel<int>(1);
    EXPECT_TRUE(out.send(1));
    std::atomic<int> told{0};
    std::vector<std::thread> group;
    for (int i = 0; i < 2; ++i)
        group.emplace_back([&told, o = out]() mutable {
            if (o.send(2).status() == queue_status::closed) told.fetch_add(1);
        });
    until_waiting_at(out, 2);
    out.close();
    for (auto& t : group) t.join();
    EXPECT_EQ(told.load(), 2);
    EXPECT_EQ(*in.receive(), 1);
    EXPECT_EQ(in.receive().status(), queue_status::closed);
}

TEST(channel, X1_an_item_whose_making_throws_leaves_it_as_before) {
    for (const std::size_t capacity : {std::size_t{0}, std::size_t{2}}) {
        auto [out, in] = channel<awkward>(capacity);
        const awkward item(1);
        awkward::throws = true;
        EXPECT_THROW((void)out.send(item), std::runtime_error);
        if (capacity != 0) {
            EXPECT_THROW((void)out.try_send(item), std::runtime_error);
        }
        awkward::throws = false;
        EXPECT_EQ(in.try_receive().status(), queue_status::empty);
    }
}

TEST(channel, what_is_not_sent_is_not_moved_from) {
    auto [out, in] = channel<std::unique_ptr<int>>(0);
    auto item = std::make_unique<int>(1);
    EXPECT_EQ(out.try_send(std::move(item)).status(), queue_status::full);
    EXPECT_EQ(out.send_for(1us, std::move(item)).status(), queue_status::timed_out);
    EXPECT_NE(item, nullptr);
    out.close();
    EXPECT_EQ(out.try_send(std::move(item)).status(), queue_status::closed);
    EXPECT_NE(item, nullptr);
}

TEST(channel, end_of_nothing_refuses_every_call) {
    sender<int> out;
    receiver<int> in;
    EXPECT_FALSE(out.valid());
    EXPECT_THROW((void)out.send(1), heddle::invalid_state);
    EXPECT_THROW((void)in.receive(), heddle::invalid_state);
    EXPECT_THROW((void)in.closed(), heddle::invalid_state);
}

TEST(channel, the_same_ends_are_equal) {
    auto [out, in] = channel<int>(1);
    const auto copy = out;
    EXPECT_TRUE(copy == out);
    EXPECT_FALSE(copy == sender<int>());
}

TEST(rendezvous, returns_from_send_when_somebody_has_the_item) {
    auto [out, in] = channel<int>(0);
    std::atomic<bool> sent{false};
    std::thread t([&sent, &o = out] {
        EXPECT_TRUE(o.send(5));
        sent = true;
    });
    until_waiting_at(out, 1);
    EXPECT_FALSE(sent.load());
    EXPECT_EQ(in.size(), 0U);
    EXPECT_EQ(*in.try_receive(), 5);
    t.join();
    EXPECT_TRUE(sent.load());
}

TEST(rendezvous, try_send_finds_who_waits_to_receive) {
    auto [out, in] = channel<int>(0);
    EXPECT_EQ(out.try_send(1).status(), queue_status::full);
    int got = 0;
    std::thread t([&got, &i = in] { got = *i.receive(); });
    until_waiting_at(in, 1);
    EXPECT_TRUE(out.try_send(2));
    EXPECT_EQ(out.try_send(3).status(), queue_status::full);
    t.join();
    EXPECT_EQ(got, 2);
}

TEST(rendezvous, serves_who_waits_in_their_order) {
    auto [out, in] = channel<int>(0);
    std::vector<std::thread> group;
    for (int i = 0; i < 4; ++i) {
        group.emplace_back([o = out, i]() mutable { EXPECT_TRUE(o.send(i)); });
        until_waiting_at(out, static_cast<std::size_t>(i) + 1);
    }
    for (int i = 0; i < 4; ++i) EXPECT_EQ(*in.receive(), i);
    for (auto& t : group) t.join();
}

TEST(rendezvous, AQ02_a_cancelled_sender_in_the_middle_leaves_the_order_of_the_others) {
    auto [out, in] = channel<int>(0);
    const auto main = [](sender<int> o, receiver<int> i) -> task<> {
        const auto send = [](sender<int> to, int item) -> task<> { (void)co_await to.async_send(item); };
        auto* const loop = heddle::event_loop::current();
        auto a = loop->spawn(send(o, 0));
        auto b = loop->spawn(send(o, 1));
        auto c = loop->spawn(send(o, 2));
        co_await settle();
        b.request_stop();
        co_await settle();
        EXPECT_THROW(b.get(), heddle::cancelled);
        EXPECT_EQ(*co_await i.async_receive(), 0);
        EXPECT_EQ(*co_await i.async_receive(), 2);
        co_await a;
        co_await c;
    };
    heddle::run(main(out, in));
}

TEST(rendezvous, AQ01_an_item_handed_to_a_receiver_that_is_cancelled_at_that_moment_is_not_lost) {
    auto [out, in] = channel<int>(0);
    const auto main = [](sender<int> o, receiver<int> i) -> task<> {
        std::vector<int> got;
        const auto receive = [](receiver<int> from, std::vector<int>& to) -> task<> {
            auto item = co_await from.async_receive();
            if (item) to.push_back(*item);
        };
        auto* const loop = heddle::event_loop::current();
        auto a = loop->spawn(receive(i, got));
        auto b = loop->spawn(receive(i, got));
        co_await settle();
        EXPECT_TRUE(o.try_send(1));
        a.request_stop();  // it has been granted already, and keeps the item
        EXPECT_TRUE(o.try_send(2));
        co_await a;
        co_await b;
        EXPECT_EQ(got.size(), 2U);
    };
    heddle::run(main(out, in));
}
