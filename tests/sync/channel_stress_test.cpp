// SPDX-License-Identifier: BSL-1.0
// Channels and selects by threads, fibers and coroutines at once, with deadlines and requests to stop: every
// item that was sent comes out once, and of each select exactly one case has happened.
#include <gtest/gtest.h>
#include <heddle/sync/select.hpp>
#include <heddle/sync/thread.hpp>
#include "budget.hpp"
#include "queues.hpp"

using namespace std::chrono_literals;
using heddle::channel;
using heddle::on_receive;
using heddle::on_send;
using heddle::receiver;
using heddle::sender;
using heddle::task;
using sync_tests::budget;
using sync_tests::deadline;

namespace {

/// What went in and what came out.
struct ledger {
    std::atomic<long> sent{0};
    std::atomic<long> received{0};
    std::atomic<long> sum_sent{0};
    std::atomic<long> sum_received{0};

    auto on_sent(int item) {
        return [this, item](auto result) {
            if (!result) return;
            sent.fetch_add(1);
            sum_sent.fetch_add(item);
        };
    }
    auto on_received() {
        return [this](auto result) {
            if (!result) return;
            received.fetch_add(1);
            sum_received.fetch_add(*result);
        };
    }
};

}  // namespace

class channel_stress : public ::testing::TestWithParam<std::size_t> {};

INSTANTIATE_TEST_SUITE_P(capacities, channel_stress, ::testing::Values(0, 1, 16, heddle::unbounded),
                         [](const auto& i) {
                             return i.param == heddle::unbounded ? std::string("unbounded")
                                                                 : std::to_string(i.param);
                         });

TEST_P(channel_stress, no_item_is_lost_or_doubled_whatever_ends_a_select) {
    auto [out_a, in_a] = channel<int>(GetParam());
    auto [out_b, in_b] = channel<int>(GetParam());
    ledger l;
    const budget time;
    std::atomic<bool> stop{false};
    heddle::rt::task_context asked_sender;
    heddle::rt::task_context asked_receiver;
    heddle::thread canceller([&] {
        while (!stop.load()) {
            asked_sender.request_stop();
            asked_receiver.request_stop();
            std::this_thread::yield();
        }
    });
    const auto send = [&](sender<int> a, sender<int> b, heddle::rt::task_context* as) {
        const heddle::rt::task_scope scope(as);
        for (int i = 1; time.left(); ++i) {
            try {
                switch (i % 4) {
                    case 0:
                        if (a.send(i)) l.on_sent(i)(true);
                        break;
                    case 1:
                        (void)heddle::select_for(20us, on_send(a, i, l.on_sent(i)),
                                                 on_send(b, i, l.on_sent(i)));
                        break;
                    default:
                        (void)heddle::select(on_send(a, i, l.on_sent(i)), on_send(b, i, l.on_sent(i)));
                }
            } catch (const heddle::cancelled&) {
            }
        }
    };
    const auto receive = [&](receiver<int> a, receiver<int> b, heddle::rt::task_context* as) {
        const heddle::rt::task_scope scope(as);
        for (int i = 0; !a.closed() || !b.closed() || i < 200'000; ++i) {
            try {
                if (i % 3 == 0) {
                    auto item = a.receive_for(20us);
                    l.on_received()(std::move(item));
                } else {
                    (void)heddle::select_for(20us, on_receive(a, l.on_received()),
                                             on_receive(b, l.on_received()));
                }
            } catch (const heddle::cancelled&) {
            }
            if (a.closed() && b.closed() && a.size() == 0 && b.size() == 0) break;
        }
    };
    {
        std::vector<heddle::thread> senders;
        std::vector<heddle::thread> receivers;
        senders.emplace_back(send, out_a, out_b, &asked_sender);
        senders.emplace_back(
            [&, a = out_a, b = out_b] { sync_tests::run_fibers({[&, a, b] { send(a, b, nullptr); }}); });
        senders.emplace_back([&, a = out_a, b = out_b] {
            const auto main = [](sender<int> x, sender<int> y, ledger& book, const budget& t) -> task<> {
                for (int i = 1; t.left(); ++i)
                    (void)co_await heddle::async_select(on_send(x, i, book.on_sent(i)),
                                                        on_send(y, i, book.on_sent(i)));
            };
            heddle::run(main(a, b, l, time));
        });
        receivers.emplace_back(receive, in_a, in_b, &asked_receiver);
        receivers.emplace_back([&, a = in_a, b = in_b] {
            const auto main = [](receiver<int> x, receiver<int> y, ledger& book) -> task<> {
                bool open = true;
                while (open) {
                    const auto note = [&](auto result) {
                        open = static_cast<bool>(result);
                        book.on_received()(std::move(result));
                    };
                    (void)co_await heddle::async_select(on_receive(x, note), on_receive(y, note));
                }
            };
            heddle::run(main(a, b, l));
        });
        out_a.reset();
        out_b.reset();
        for (auto& t : senders) t.join();
        for (auto& t : receivers) t.join();
        // One that left early may have left something.
        while (auto item = in_a.try_receive()) l.on_received()(std::move(item));
        while (auto item = in_b.try_receive()) l.on_received()(std::move(item));
    }
    stop = true;
    canceller.join();
    EXPECT_EQ(l.sent.load(), l.received.load());
    EXPECT_EQ(l.sum_sent.load(), l.sum_received.load());
    EXPECT_GT(l.sent.load(), 100);
}

TEST(select_stress, tasks_that_both_send_and_receive_in_a_ring_always_meet) {
    constexpr int n = 4;
    std::vector<channel<int>> ring;
    for (int i = 0; i < n; ++i) ring.emplace_back(std::size_t{0});
    const budget time;
    std::atomic<long> sent{0};
    std::atomic<long> received{0};
    {
        std::vector<heddle::thread> threads;
        for (std::size_t i = 0; i < n; ++i)
            threads.emplace_back([&, i] {
                auto& out = ring[i].out;
                auto& in = ring[(i + 1) % n].in;
                while (time.left())
                    (void)heddle::select_for(1ms, on_send(out, 1, [&](auto) { sent.fetch_add(1); }),
                                             on_receive(in, [&](auto) { received.fetch_add(1); }));
            });
    }
    EXPECT_EQ(sent.load(), received.load());
    EXPECT_GT(sent.load(), 100);
}
