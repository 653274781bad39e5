// SPDX-License-Identifier: BSL-1.0
// Queues and channels that several threads use at the same time answer as if they had done one thing after
// the other.
#include <gtest/gtest.h>
#include <heddle/sync/channel.hpp>
#include <heddle/sync/lifo_queue.hpp>
#include <heddle/sync/priority_queue.hpp>
#include <heddle/sync/queue.hpp>
#include <random>
#include <thread>
#include "budget.hpp"
#include "history.hpp"

using histories::gives;
using histories::history;
using histories::model;

namespace {

using namespace std::chrono_literals;

template <class T> auto try_get(heddle::channel<T>& c) {
    return c.in.try_receive();
}
template <class Queue> auto try_get(Queue& q) {
    return q.try_get();
}

/// Makes all begin at once, as far as the system lets them.
class start_line {
 public:
    explicit start_line(int parties) : missing_(parties) {}
    void cross() {
        --missing_;
        while (missing_ > 0) std::this_thread::yield();
    }

 private:
    std::atomic<int> missing_;
};

/// Histories of 2 to 4 threads with 3 to 5 calls each. `use(queue, party, what, value)` makes one of four
/// calls.
template <class Make, class Use> void try_histories(Make make, Use use, const model& as) {
    std::mt19937 random(1);
    const sync_tests::budget budget;
    for (int round = 0; round < 2000 && budget.left(); ++round) {
        auto queue = make();
        histories::time now{0};
        const std::size_t n = 2 + random() % 3;
        const int calls = static_cast<int>(3 + random() % 3);
        std::vector<histories::party> parties(n, histories::party(now));
        start_line line(static_cast<int>(n));
        std::vector<std::thread> threads;
        for (std::size_t i = 0; i < n; ++i)
            threads.emplace_back([&, i, own = random]() mutable {
                own.discard(i * 10);
                line.cross();
                for (int k = 0; k < calls; ++k)
                    use(queue, parties[i], static_cast<unsigned>(own() % 4), static_cast<int>(i) * 10 + k);
            });
        for (auto& t : threads) t.join();
        parties.emplace_back(now);
        parties.back().gets_all([&] { return try_get(queue); });
        random.discard(100);
        const history all = histories::together(parties);
        ASSERT_TRUE(histories::linearizable(all, as)) << "round " << round << '\n' << all;
    }
}

const auto use_queue = [](auto& q, histories::party& me, unsigned what, int value) {
    switch (what) {
        case 0:
            return me.puts(value, [&] { return q.try_put(value); });
        case 1:
            return me.gets([&] { return q.try_get(); });
        case 2:
            return me.puts(value, [&] { return q.put_for(100us, value); });
        default:
            return me.gets([&] { return q.get_for(100us); });
    }
};
const auto use_channel = [](auto& c, histories::party& me, unsigned what, int value) {
    switch (what) {
        case 0:
            return me.puts(value, [&] { return c.out.try_send(value); });
        case 1:
            return me.gets([&] { return c.in.try_receive(); });
        case 2:
            return me.puts(value, [&] { return c.out.send_for(100us, value); });
        default:
            return me.gets([&] { return c.in.receive_for(100us); });
    }
};

struct history_stress : ::testing::TestWithParam<std::size_t> {
    template <class Queue> static void try_queues(gives order) {
        try_histories([] { return Queue(GetParam()); }, use_queue, model(order, GetParam()));
    }
};
INSTANTIATE_TEST_SUITE_P(room_for, history_stress, ::testing::Values(1, 2, heddle::unbounded),
                         [](const auto& c) -> std::string {
                             return c.param == 1 ? "one" : c.param == 2 ? "two" : "any_number";
                         });

TEST_P(history_stress, a_queue_answers_as_if_one_call_came_after_the_other) {
    try_queues<heddle::queue<int>>(gives::first);
}
TEST_P(history_stress, a_lifo_queue_answers_as_if_one_call_came_after_the_other) {
    try_queues<heddle::lifo_queue<int>>(gives::last);
}
TEST_P(history_stress, a_priority_queue_answers_as_if_one_call_came_after_the_other) {
    try_queues<heddle::priority_queue<int>>(gives::smallest);
}
TEST_P(history_stress, a_channel_answers_as_if_one_call_came_after_the_other) {
    try_histories([] { return heddle::channel<int>(GetParam()); }, use_channel,
                  model(gives::first, GetParam()));
}

}  // namespace
