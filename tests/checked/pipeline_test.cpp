// SPDX-License-Identifier: BSL-1.0
// Pipelines in many orders: no item is lost or comes twice, and nothing runs on when one is over.
#include <algorithm>
#include <atomic>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/pipeline.hpp>
#include <heddle/task/thread_pool.hpp>
#include <optional>
#include <stdexcept>
#include <vector>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::cancelled_in;

auto numbers_below(int end) {
    return [n = 0, end]() mutable { return n < end ? std::optional<int>(n++) : std::nullopt; };
}
auto numbers_without_end() {
    return [n = 0]() mutable { return std::optional<int>(n++); };
}

TEST(checked_pipeline, keeps_the_order_of_a_stage_with_two_workers) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        const auto all = pipeline<int>::from(numbers_below(3))
                             .then([](int x) { return x; }, {.workers = 2, .capacity = 1})
                             .collect(pool);
        check::require(all == std::vector<int>{0, 1, 2});
    });
}

TEST(checked_pipeline, loses_nothing_where_the_order_does_not_matter) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        auto all = pipeline<int>::from(numbers_below(3))
                       .then([](int x) { return x; }, {.workers = 2, .capacity = 1, .ordered = false})
                       .collect(pool);
        std::sort(all.begin(), all.end());
        check::require(all == std::vector<int>{0, 1, 2});
    });
}

TEST(checked_pipeline, ends_when_a_stage_fails) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::atomic<int> alive{0};
        bool thrown = false;
        try {
            pipeline<int>::from([]() -> std::optional<int> { return 1; })
                .then(
                    [&](int x) {
                        ++alive;
                        const struct leaves {
                            std::atomic<int>& n;
                            ~leaves() { --n; }
                        } at_end{alive};
                        if (x == 1) throw std::domain_error("stage");
                        return x;
                    },
                    {.workers = 2, .capacity = 1})
                .collect(pool);
        } catch (const std::domain_error&) {
            thrown = true;
        }
        check::require(thrown && alive == 0);
    });
}

TEST(checked_pipeline, ends_when_its_source_fails) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::vector<int> got;
        bool thrown = false;
        try {
            pipeline<int>::from([n = 0]() mutable -> std::optional<int> {
                if (n == 1) throw std::domain_error("source");
                return n++;
            })
                .then([](int x) { return x; }, {.capacity = 1})
                .run(pool, [&](int x) { got.push_back(x); });
        } catch (const std::domain_error&) {
            thrown = true;
        }
        check::require(thrown && (got.empty() || got == std::vector<int>{0}));
    });
}

TEST(checked_pipeline, ends_when_its_sink_fails) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::atomic<int> alive{0};
        bool thrown = false;
        try {
            pipeline<int>::from(numbers_without_end())
                .then(
                    [&](int x) {
                        ++alive;
                        --alive;
                        return x;
                    },
                    {.capacity = 1})
                .run(pool, [](int x) {
                    if (x == 1) throw std::domain_error("sink");
                });
        } catch (const std::domain_error&) {
            thrown = true;
        }
        check::require(thrown && alive == 0);
    });
}

TEST(checked_pipeline, a_request_to_stop_reaches_a_stage_that_waits) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        semaphore never(0);
        std::atomic<int> alive{0};
        const auto f = pool.submit([&] {
            const bool stopped = cancelled_in([&] {
                pipeline<int>::from(numbers_without_end())
                    .then(
                        [&](int x) {
                            ++alive;
                            const bool asked = cancelled_in([&] { never.acquire(); });
                            --alive;
                            if (asked) throw cancelled();
                            return x;
                        },
                        {.capacity = 1})
                    .collect(pool);
            });
            check::require(stopped && alive == 0);
        });
        f.request_stop();
        (void)cancelled_in([&] { f.get(); });  // it may not have begun
    });
}

}  // namespace
