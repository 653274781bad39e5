// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/select.hpp>

#include <gtest/gtest.h>
#include <heddle/sync/lifo_queue.hpp>
#include <heddle/sync/priority_queue.hpp>
#include <heddle/sync/thread.hpp>
#include <map>
#include "queues.hpp"

using namespace std::chrono_literals;
using heddle::channel;
using heddle::event;
using heddle::event_reset;
using heddle::on_event;
using heddle::on_get;
using heddle::on_receive;
using heddle::on_send;
using heddle::queue;
using heddle::queue_status;
using heddle::receiver;
using heddle::select;
using heddle::select_for;
using heddle::select_until;
using heddle::sender;
using heddle::task;
using heddle::try_select;
using heddle::rt::parking_lot;
using sync_tests::deadline;
using sync_tests::settle;
using sync_tests::stoppable_thread;

namespace {

const void* place(const auto& end) {
    return heddle::detail::channel_access::core(end).address();
}

/// Keeps what came out.
struct kept {
    std::vector<int> items;
    auto note() {
        return [this](auto result) { items.push_back(result ? *result : -1); };
    }
};

constexpr auto ignore = [](auto&&...) {};

}  // namespace

TEST(select, does_the_one_thing_that_is_ready) {
    auto [out_a, in_a] = channel<int>(1);
    auto [out_b, in_b] = channel<int>(1);
    kept a;
    kept b;
    EXPECT_TRUE(out_b.send(5));
    EXPECT_EQ(select(on_receive(in_a, a.note()), on_receive(in_b, b.note())), 1U);
    EXPECT_TRUE(a.items.empty());
    EXPECT_EQ(b.items, std::vector<int>{5});
    EXPECT_TRUE(out_a.send(6));
    EXPECT_EQ(select(on_receive(in_a, a.note()), on_receive(in_b, b.note())), 0U);
    EXPECT_EQ(a.items, std::vector<int>{6});
}

TEST(select, does_exactly_one_of_those_that_are_ready) {
    auto [out_a, in_a] = channel<int>(1);
    auto [out_b, in_b] = channel<int>(1);
    EXPECT_TRUE(out_a.send(1));
    EXPECT_TRUE(out_b.send(2));
    kept k;
    (void)select(on_receive(in_a, k.note()), on_receive(in_b, k.note()));
    EXPECT_EQ(k.items.size(), 1U);
    EXPECT_EQ(in_a.size() + in_b.size(), 1U);
}

TEST(select, chooses_fairly_among_those_that_are_ready) {
    event a(true);
    event b(true);
    event c(true);
    event never;
    std::map<std::size_t, int> how_often;
    for (int i = 0; i < 3000; ++i)
        ++how_often[select(on_event(a, ignore), on_event(never, ignore), on_event(b, ignore),
                           on_event(c, ignore))];
    EXPECT_EQ(how_often.count(1), 0U);
    for (const std::size_t i : {0U, 2U, 3U}) {
        EXPECT_GT(how_often[i], 800);
        EXPECT_LT(how_often[i], 1200);
    }
}

TEST(select, that_must_not_wait_says_when_nothing_was_ready) {
    auto [out, in] = channel<int>(1);
    bool called = false;
    EXPECT_EQ(try_select(on_receive(in, [&](auto) { called = true; })), std::nullopt);
    EXPECT_FALSE(called);
    EXPECT_TRUE(out.send(1));
    EXPECT_EQ(try_select(on_receive(in, [&](auto) { called = true; })), 0U);
    EXPECT_TRUE(called);
}

TEST(select, gives_up_at_its_deadline_and_leaves_no_trace) {
    auto [out, in] = channel<int>(0);
    event e;
    queue<int> q(1);
    EXPECT_EQ(select_for(1ms, on_receive(in, ignore), on_event(e, ignore), on_get(q, ignore)), std::nullopt);
    EXPECT_EQ(select_for(-1s, on_receive(in, ignore), on_event(e, ignore)), std::nullopt);
    EXPECT_EQ(select_until(deadline::after(1us), on_event(e, ignore)), std::nullopt);
    EXPECT_EQ(parking_lot::count(place(in)), 0U);
    EXPECT_EQ(parking_lot::count(&e), 0U);
    EXPECT_EQ(out.try_send(1).status(), queue_status::full);
    EXPECT_TRUE(q.put(1));
    e.set();
    EXPECT_TRUE(e.is_set());
}

TEST(select, waits_until_somebody_sends) {
    auto [out_a, in_a] = channel<int>(0);
    auto [out_b, in_b] = channel<int>(1);
    kept k;
    std::size_t which = 9;
    std::thread t(
        [&, &ia = in_a, &ib = in_b] { which = select(on_receive(ia, k.note()), on_receive(ib, k.note())); });
    sync_tests::until_parked(place(in_a), 1);
    EXPECT_TRUE(out_a.send(7));
    t.join();
    EXPECT_EQ(which, 0U);
    EXPECT_EQ(k.items, std::vector<int>{7});
    EXPECT_EQ(parking_lot::count(place(in_b)), 0U);
}

TEST(select, waits_until_somebody_receives) {
    auto [out_a, in_a] = channel<std::unique_ptr<int>>(0);
    auto [out_b, in_b] = channel<std::unique_ptr<int>>(0);
    std::size_t which = 9;
    std::thread t([&, &oa = out_a, &ob = out_b] {
        which = select(on_send(oa, std::make_unique<int>(1), [](auto r) { EXPECT_TRUE(r); }),
                       on_send(ob, std::make_unique<int>(2), [](auto r) { EXPECT_TRUE(r); }));
    });
    EXPECT_EQ(**in_b.receive(), 2);
    t.join();
    EXPECT_EQ(which, 1U);
    EXPECT_EQ(in_a.try_receive().status(), queue_status::empty);
}

TEST(select, does_not_move_from_what_it_does_not_send) {
    auto [out, in] = channel<std::unique_ptr<int>>(0);
    event e(true);
    auto item = std::make_unique<int>(1);
    EXPECT_EQ(select(on_send(out, std::move(item), ignore), on_event(e, ignore)), 1U);
    EXPECT_NE(item, nullptr);
}

TEST(select, is_told_that_a_channel_has_been_closed) {
    auto [out, in] = channel<int>(0);
    auto [out_b, in_b] = channel<int>(1);
    queue_status seen{};
    const auto note = [&](auto result) { seen = result.status(); };
    std::thread t(
        [&, &i = in, &ib = in_b] { EXPECT_EQ(select(on_receive(i, note), on_receive(ib, note)), 0U); });
    sync_tests::until_parked(place(in), 1);
    out.close();
    t.join();
    EXPECT_EQ(seen, queue_status::closed);
    EXPECT_EQ(select(on_send(out, 1, note)), 0U);
    EXPECT_EQ(seen, queue_status::closed);
}

TEST(select, gets_from_queues_of_every_kind) {
    queue<int> fifo(heddle::unbounded);
    heddle::lifo_queue<int> lifo(4);
    heddle::priority_queue<int> sorted(4);
    kept k;
    const auto any = [&] {
        return select(on_get(fifo, k.note()), on_get(lifo, k.note()), on_get(sorted, k.note()));
    };
    EXPECT_TRUE(sorted.put(3));
    EXPECT_EQ(any(), 2U);
    EXPECT_TRUE(lifo.put(2));
    EXPECT_EQ(any(), 1U);
    std::size_t which = 9;
    std::thread t([&] { which = any(); });
    EXPECT_TRUE(fifo.put(1));
    t.join();
    EXPECT_EQ(which, 0U);
    EXPECT_EQ(k.items, (std::vector<int>{3, 2, 1}));
    lifo.shutdown();
    EXPECT_EQ(any(), 1U);
    EXPECT_EQ(k.items.back(), -1);
}

TEST(select, takes_the_signal_of_an_automatic_event_only_if_that_is_what_happens) {
    event once(event_reset::automatic);
    event other(true);
    once.set();
    int taken = 0;
    while (select(on_event(other, ignore), on_event(once, [&] { ++taken; })) == 0) EXPECT_TRUE(once.is_set());
    EXPECT_EQ(taken, 1);
    EXPECT_FALSE(once.is_set());
}

TEST(select, EV01_that_waits_for_an_event_is_freed_by_set_directly_followed_by_clear) {
    event e;
    event never;
    std::atomic<int> freed{0};
    std::vector<std::thread> group;
    for (int i = 0; i < 4; ++i)
        group.emplace_back([&] {
            if (select(on_event(never, ignore), on_event(e, ignore)) == 1) freed.fetch_add(1);
        });
    sync_tests::until_parked(&e, 4);
    sync_tests::until_parked(&never, 4);
    e.set();
    e.clear();
    for (auto& t : group) t.join();
    EXPECT_EQ(freed.load(), 4);
    EXPECT_EQ(parking_lot::count(&never), 0U);
}

TEST(select, an_automatic_event_goes_to_another_when_who_came_first_was_served_elsewhere) {
    event e(event_reset::automatic);
    auto [out, in] = channel<int>(0);
    std::size_t first = 9;
    std::thread a([&, &i = in] { first = select(on_event(e, ignore), on_receive(i, ignore)); });
    sync_tests::until_parked(&e, 1);
    sync_tests::until_parked(place(in), 1);
    std::thread b([&] { e.wait(); });
    sync_tests::until_parked(&e, 2);
    EXPECT_TRUE(out.try_send(1));
    e.set();
    a.join();
    b.join();
    EXPECT_EQ(first, 1U);
    EXPECT_FALSE(e.is_set());
}

TEST(select, X2_that_is_asked_to_stop_has_done_nothing) {
    auto [out, in] = channel<int>(0);
    auto [out_b, in_b] = channel<int>(0);
    bool called = false;
    stoppable_thread t([&, &i = in, &ob = out_b] {
        const auto note = [&](auto) { called = true; };
        EXPECT_THROW((void)select(on_receive(i, note), on_send(ob, 1, note)), heddle::cancelled);
    });
    sync_tests::until_parked(place(in), 1);
    sync_tests::until_parked(place(out_b), 1);
    t.request_stop();
    t.join();
    EXPECT_FALSE(called);
    EXPECT_EQ(out.try_send(1).status(), queue_status::full);
    EXPECT_EQ(in_b.try_receive().status(), queue_status::empty);
}

TEST(select, two_of_them_meet) {
    auto [out_a, in_a] = channel<int>(0);
    auto [out_b, in_b] = channel<int>(0);
    for (int round = 0; round < 200; ++round) {
        kept got;
        std::size_t sent = 9;
        std::thread t(
            [&, &oa = out_a, &ob = out_b] { sent = select(on_send(oa, 1, ignore), on_send(ob, 2, ignore)); });
        const auto received = select(on_receive(in_a, got.note()), on_receive(in_b, got.note()));
        t.join();
        EXPECT_EQ(sent, received);
        EXPECT_EQ(got.items, std::vector<int>{static_cast<int>(sent) + 1});
    }
}

TEST(select, two_that_each_send_to_and_receive_from_the_other_meet) {
    auto [out_a, in_a] = channel<int>(0);
    auto [out_b, in_b] = channel<int>(0);
    for (int round = 0; round < 200; ++round) {
        std::size_t mine = 9;
        std::size_t theirs = 9;
        std::thread t([&, &oa = out_a, &ib = in_b] {
            theirs = select(on_send(oa, 1, ignore), on_receive(ib, ignore));
        });
        mine = select(on_receive(in_a, ignore), on_send(out_b, 2, ignore));
        t.join();
        EXPECT_EQ(mine, theirs);
    }
}

TEST(select, does_not_serve_itself) {
    auto [out, in] = channel<int>(0);
    EXPECT_EQ(select_for(1ms, on_send(out, 1, ignore), on_receive(in, ignore)), std::nullopt);
    kept k;
    std::size_t which = 9;
    std::thread t([&, &o = out, &i = in] { which = select(on_send(o, 1, ignore), on_receive(i, k.note())); });
    sync_tests::until_parked(place(in), 2);
    EXPECT_TRUE(out.try_send(2));
    t.join();
    EXPECT_EQ(which, 1U);
    EXPECT_EQ(k.items, std::vector<int>{2});
}

TEST(select, throws_what_its_function_throws) {
    event e(true);
    EXPECT_THROW((void)select(on_event(e, [] { throw std::runtime_error("from the function"); })),
                 std::runtime_error);
}

TEST(select, X1_whose_item_cannot_be_made_has_done_nothing) {
    using sync_tests::awkward;
    auto [out, in] = channel<awkward>(1);
    const awkward item(1);
    awkward::throws = true;
    EXPECT_THROW((void)select(on_send(out, item, ignore)), std::runtime_error);
    awkward::throws = false;
    EXPECT_EQ(in.try_receive().status(), queue_status::empty);
}

TEST(select, works_on_fibers) {
    auto [out, in] = channel<int>(0);
    auto [out_b, in_b] = channel<int>(0);
    kept k;
    sync_tests::run_fibers({[&, &i = in, &ib = in_b] {
                                for (int n = 0; n < 10; ++n)
                                    (void)select(on_receive(i, k.note()), on_receive(ib, k.note()));
                            },
                            [&o = out] {
                                for (int n = 0; n < 5; ++n) EXPECT_TRUE(o.send(n));
                            },
                            [&ob = out_b] {
                                for (int n = 5; n < 10; ++n) EXPECT_TRUE(ob.send(n));
                            }});
    std::sort(k.items.begin(), k.items.end());
    EXPECT_EQ(k.items, (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
}

TEST(select, is_awaited_by_coroutines) {
    auto [out, in] = channel<int>(0);
    auto [out_b, in_b] = channel<int>(0);
    const auto main = [](sender<int> o, receiver<int> i, sender<int> ob, receiver<int> ib) -> task<> {
        kept k;
        const auto send = [](sender<int> to, int item) -> task<> { (void)co_await to.async_send(item); };
        auto* const loop = heddle::event_loop::current();
        auto a = loop->spawn(send(ob, 4));
        EXPECT_EQ(co_await heddle::async_select(on_receive(i, k.note()), on_receive(ib, k.note())), 1U);
        co_await a;
        auto b = loop->spawn(send(o, 5));
        co_await settle();
        EXPECT_EQ(co_await heddle::async_select(deadline::never(), on_receive(i, k.note()),
                                                on_receive(ib, k.note())),
                  0U);
        co_await b;
        EXPECT_EQ(k.items, (std::vector<int>{4, 5}));
        EXPECT_EQ(co_await heddle::async_select(deadline::after(1us), on_receive(i, k.note())), std::nullopt);
    };
    heddle::run(main(out, in, out_b, in_b));
}

TEST(select, of_a_coroutine_that_is_asked_to_stop_has_done_nothing) {
    auto [out, in] = channel<int>(0);
    event e;
    const auto main = [](sender<int> o, receiver<int> i, event& what) -> task<> {
        const auto waits = [](receiver<int> from, event& other) -> task<> {
            (void)co_await heddle::async_select(on_receive(from, ignore), on_event(other, ignore));
        };
        auto a = heddle::event_loop::current()->spawn(waits(i, what));
        co_await settle();
        a.request_stop();
        co_await settle();
        EXPECT_THROW(a.get(), heddle::cancelled);
        EXPECT_EQ(o.try_send(1).status(), queue_status::full);
        EXPECT_EQ(parking_lot::count(&what), 0U);
    };
    heddle::run(main(out, in, e));
}

TEST(select, is_what_a_thread_says_that_it_is_blocked_on) {
    event e;
    heddle::thread t([&] { (void)select(on_event(e, ignore)); });
    sync_tests::until([&] { return t.blocked_on().substr(0, 7) == "select "; });
    e.set();
}
