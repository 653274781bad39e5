// SPDX-License-Identifier: BSL-1.0
// Queues and channels answer as if they had done one thing after the other, in many orders. See
// ../sync/history.hpp.
#include "../sync/history.hpp"
#include <heddle/sync/channel.hpp>
#include <heddle/sync/lifo_queue.hpp>
#include <heddle/sync/priority_queue.hpp>
#include <heddle/sync/queue.hpp>

#include "forms.hpp"

namespace {

using namespace heddle;
using checked::act;
using checked::form;
using histories::gives;
using histories::model;
using rt::deadline;
using std::chrono::milliseconds;

class checked_history : public ::testing::TestWithParam<std::size_t> {
 public:
    /// Three parties with two calls each, which end sooner or later whatever the others do.
    template <class Queue> static void of_a_queue(gives order) {
        EXPECT_CORRECT_IN_EVERY_FORM([capacity = GetParam(), order](const form& as) {
            Queue q(capacity);
            histories::time now{0};
            std::vector<histories::party> parties(4, histories::party(now));
            as.run({[&]() -> act {
                        for (const int i : {2, 1}) {
                            const long begun = parties[0].begins();
                            const auto said = co_await as.put_until(q, deadline::after(milliseconds(1)), i);
                            parties[0].note_put(i, begun, said.status());
                        }
                    },
                    [&]() -> act {
                        for (int i = 0; i < 2; ++i) {
                            const long begun = parties[1].begins();
                            auto said = co_await as.get_until(q, deadline::after(milliseconds(1)));
                            parties[1].note_get(begun, std::move(said));
                        }
                    },
                    [&]() -> act {
                        parties[2].puts(3, [&] { return q.try_put(3); });
                        parties[2].gets([&] { return q.try_get(); });
                        co_return;
                    }});
            parties[3].gets_all([&] { return q.try_get(); });
            check::require(histories::linearizable(histories::together(parties), model(order, capacity)));
        });
    }
};
INSTANTIATE_TEST_SUITE_P(room_for, checked_history, ::testing::Values(1, 2, unbounded),
                         [](const auto& c) -> std::string {
                             return c.param == 1 ? "one" : c.param == 2 ? "two" : "any_number";
                         });

TEST_P(checked_history, a_queue_answers_as_if_one_call_came_after_the_other) {
    of_a_queue<queue<int>>(gives::first);
}

TEST_P(checked_history, a_lifo_queue_answers_as_if_one_call_came_after_the_other) {
    of_a_queue<lifo_queue<int>>(gives::last);
}

TEST_P(checked_history, a_priority_queue_answers_as_if_one_call_came_after_the_other) {
    of_a_queue<priority_queue<int>>(gives::smallest);
}

TEST_P(checked_history, a_channel_answers_as_if_one_call_came_after_the_other) {
    EXPECT_CORRECT_IN_EVERY_FORM([capacity = GetParam()](const form& as) {
        auto [out, in] = channel<int>(capacity);
        histories::time now{0};
        std::vector<histories::party> parties(4, histories::party(now));
        as.run({[&, &out = out]() -> act {
                    for (const int i : {2, 1}) {
                        const long begun = parties[0].begins();
                        const auto said = co_await as.send_until(out, deadline::after(milliseconds(1)), i);
                        parties[0].note_put(i, begun, said.status());
                    }
                },
                [&, &in = in]() -> act {
                    for (int i = 0; i < 2; ++i) {
                        const long begun = parties[1].begins();
                        auto said = co_await as.receive_until(in, deadline::after(milliseconds(1)));
                        parties[1].note_get(begun, std::move(said));
                    }
                },
                [&, &out = out, &in = in]() -> act {
                    parties[2].puts(3, [&, &out = out] { return out.try_send(3); });
                    parties[2].gets([&, &in = in] { return in.try_receive(); });
                    co_return;
                }});
        parties[3].gets_all([&, &in = in] { return in.try_receive(); });
        check::require(histories::linearizable(histories::together(parties), model(gives::first, capacity)));
    });
}

TEST(checked_history_of, a_queue_that_loses_the_order_is_found) {
    EXPECT_FOUND("requirement", [] {
        // Two queues behind each other, with a call that is not one: it looks into both.
        queue<int> first(unbounded);
        queue<int> second(unbounded);
        histories::time now{0};
        std::vector<histories::party> parties(3, histories::party(now));
        checked::at_once({[&] {
                              parties[0].puts(1, [&] { return first.put(1); });
                              parties[0].puts(2, [&] { return second.put(2); });
                          },
                          [&] {
                              parties[1].gets([&] {
                                  auto got = first.try_get();
                                  return got ? std::move(got) : second.try_get();
                              });
                          }});
        parties[2].gets_all([&] {
            auto got = first.try_get();
            return got ? std::move(got) : second.try_get();
        });
        check::require(histories::linearizable(histories::together(parties), model(gives::first, unbounded)));
    });
}

}  // namespace
