// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/pipeline.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <atomic>
#include <heddle/rt/parking_lot.hpp>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>
#include "rt/waiting.hpp"

using namespace std::chrono_literals;
using heddle::pipeline;
using heddle::stage_options;
using heddle::thread_pool;

namespace {

std::vector<int> numbers(int n) {
    std::vector<int> all(static_cast<std::size_t>(n));
    std::iota(all.begin(), all.end(), 0);
    return all;
}

// Nothing, after `n` numbers.
auto counter(int n) {
    return [i = 0, n]() mutable { return i < n ? std::optional<int>(i++) : std::nullopt; };
}

}  // namespace

class pipelines : public testing::TestWithParam<unsigned> {
 protected:
    thread_pool pool{GetParam()};
};
INSTANTIATE_TEST_SUITE_P(workers, pipelines, testing::Values(1u, 2u, 4u));

TEST_P(pipelines, take_items_through_their_stages) {
    const auto all = pipeline<int>::from(counter(1000))
                         .then([](int x) { return x * 2; })
                         .then([](int x) { return std::to_string(x); })
                         .collect(pool);
    ASSERT_EQ(all.size(), 1000u);
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], std::to_string(2 * i));
}

TEST_P(pipelines, keep_the_order_with_several_workers) {
    const auto all = pipeline<int>::from(counter(2000))
                         .then(
                             [](int x) {
                                 if (x % 97 == 0) heddle::rt::sleep_for(200us);
                                 return x;
                             },
                             {.workers = 5, .capacity = 3})
                         .then([](int x) { return x; }, {.workers = 3, .capacity = 1})
                         .collect(pool);
    EXPECT_EQ(all, numbers(2000));
}

TEST_P(pipelines, may_give_up_the_order) {
    auto all = pipeline<int>::from(counter(2000))
                   .then([](int x) { return x; }, {.workers = 5, .ordered = false})
                   .collect(pool);
    std::sort(all.begin(), all.end());
    EXPECT_EQ(all, numbers(2000));
}

TEST_P(pipelines, take_ranges_and_items_that_only_move) {
    const std::vector<int> fixed = numbers(10);
    EXPECT_EQ(pipeline<int>::from(fixed).collect(pool), fixed);
    EXPECT_EQ(pipeline<int>::from(numbers(10)).collect(pool), fixed);
    std::vector<std::unique_ptr<int>> owners;
    for (int i = 0; i < 10; ++i) owners.push_back(std::make_unique<int>(i));
    const auto sum = pipeline<std::unique_ptr<int>>::from(std::move(owners))
                         .then([](std::unique_ptr<int> p) { return p; }, {.workers = 2})
                         .collect(pool);
    ASSERT_EQ(sum.size(), 10u);
    for (int i = 0; i < 10; ++i) EXPECT_EQ(*sum[static_cast<std::size_t>(i)], i);
    EXPECT_TRUE(pipeline<int>::from(counter(0)).then([](int x) { return x; }).collect(pool).empty());
}

TEST_P(pipelines, a_slow_sink_holds_up_the_source) {
    std::atomic<int> asked{0};
    int got = 0;
    pipeline<int>::from([&asked, n = 0]() mutable {
        asked.fetch_add(1);
        return n < 1000 ? std::optional<int>(n++) : std::nullopt;
    })
        .then([](int x) { return x; }, {.capacity = 2})
        .then([](int x) { return x; }, {.capacity = 2})
        .run(pool, [&](int) {
            if (++got == 1) {
                heddle::rt::sleep_for(20ms);
                // Two buffers of 2, one of 64 in front of the sink, and what each stage has in its hands.
                EXPECT_LT(asked.load(), 100);
            }
        });
    EXPECT_EQ(got, 1000);
}

TEST_P(pipelines, the_error_of_a_stage_ends_them_and_is_thrown) {
    for (const unsigned workers : {1u, 3u}) {
        int got = 0;
        try {
            pipeline<int>::from(counter(100'000))
                .then([](int x) { return x; }, {.workers = workers})
                .then(
                    [](int x) {
                        if (x == 500) throw std::runtime_error("at 500");
                        return x;
                    },
                    {.workers = workers})
                .then([](int x) { return x; }, {.workers = workers})
                .run(pool, [&](int) { ++got; });
            FAIL() << "it went through";
        } catch (const std::runtime_error& e) {
            EXPECT_STREQ(e.what(), "at 500");
        }
        EXPECT_LE(got, 500 + 3 * static_cast<int>(workers));
    }
}

TEST_P(pipelines, the_error_of_the_source_is_thrown) {
    EXPECT_THROW(pipeline<int>::from([]() -> std::optional<int> {
                     throw std::runtime_error("source");
                 }).then([](int x) {
                       return x;
                   }).collect(pool),
                 std::runtime_error);
}

TEST_P(pipelines, the_error_of_the_sink_ends_all_stages) {
    std::atomic<int> asked{0};
    EXPECT_THROW(pipeline<int>::from([&]() -> std::optional<int> { return asked.fetch_add(1); })  // endless
                     .then([](int x) { return x; }, {.workers = 2})
                     .run(pool,
                          [](int x) {
                              if (x == 10) throw std::logic_error("sink");
                          }),
                 std::logic_error);
    const int then = asked.load();
    heddle::rt::sleep_for(5ms);
    EXPECT_EQ(asked.load(), then);  // all have ended
}

TEST_P(pipelines, a_request_to_stop_ends_all_stages) {
    auto f = pool.submit([this] {
        pipeline<int>::from([]() -> std::optional<int> { return 1; })
            .then([](int x) { return x; }, {.workers = 2})
            .run(pool, [](int) {});
    });
    heddle::rt::sleep_for(2ms);
    f.request_stop();
    EXPECT_THROW(f.get(), heddle::cancelled);
}

TEST(pipeline_options, that_make_no_sense_are_refused) {
    const auto same = [](int x) { return x; };
    EXPECT_THROW((void)pipeline<int>::from(counter(1)).then(same, {.workers = 0}), std::invalid_argument);
    EXPECT_THROW((void)pipeline<int>::from(counter(1)).then(same, {.capacity = 0}), std::invalid_argument);
}

TEST(pipeline_options, one_that_has_run_says_so) {
    thread_pool pool(1);
    const std::vector<int> items{1, 2};
    auto p = pipeline<int>::from(items);
    EXPECT_EQ(std::move(p).collect(pool), items);
    // NOLINTBEGIN(bugprone-use-after-move)
    EXPECT_THROW(std::move(p).collect(pool), heddle::invalid_state);
    EXPECT_THROW(std::move(p).then([](int x) { return x; }), heddle::invalid_state);
    // NOLINTEND(bugprone-use-after-move)
}
