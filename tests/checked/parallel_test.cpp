// SPDX-License-Identifier: BSL-1.0
// Loops over a few items in many orders: each item once, nothing left running, and the failure comes out.
#include <array>
#include <atomic>
#include <functional>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/join.hpp>
#include <heddle/task/parallel.hpp>
#include <heddle/task/parallel_scan.hpp>
#include <heddle/task/parallel_sort.hpp>
#include <heddle/task/thread_pool.hpp>
#include <stdexcept>
#include <string>
#include <vector>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::cancelled_in;

// Counts who is in a part of a loop: when the loop is over, nobody is.
class inside {
 public:
    explicit inside(std::atomic<int>& n) : n_(n) { ++n_; }
    ~inside() { --n_; }
    inside(const inside&) = delete;
    inside& operator=(const inside&) = delete;

 private:
    std::atomic<int>& n_;
};

// A part of a loop that did not run has its items left out, so that each has run once or not at all.
void require_none_twice(const std::array<int, 4>& ran) {
    for (const int n : ran) check::require(n <= 1);
}

TEST(checked_parallel, for_calls_each_item_once) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::array<int, 4> ran{};  // not atomic: twice would be a race, too
        run_on(pool, [&] { parallel_for(ran, [](int& n) { ++n; }, {.grain = 1}); });
        check::require(ran == std::array{1, 1, 1, 1});
    });
}

TEST(checked_parallel, for_that_finds_out_its_grain_calls_each_item_once) {
    EXPECT_CORRECT([] {
        thread_pool pool(3);
        std::array<int, 4> ran{};
        run_on(pool, [&] { parallel_for(0u, 4u, [&ran](unsigned i) { ++ran[i]; }); });
        check::require(ran == std::array{1, 1, 1, 1});
    });
}

TEST(checked_parallel, for_in_two_dimensions_calls_each_pair_once) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::array<int, 4> ran{};
        run_on(pool, [&] {
            parallel_for(0u, 2u, 0u, 2u, [&ran](unsigned i, unsigned j) { ++ran[2 * i + j]; }, {.grain = 1});
        });
        check::require(ran == std::array{1, 1, 1, 1});
    });
}

TEST(checked_parallel, a_failure_comes_out_when_all_parts_are_over) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::atomic<int> alive{0};
        std::array<int, 4> ran{};
        bool thrown = false;
        run_on(pool, [&] {
            try {
                parallel_for(0u, 4u,
                             [&](unsigned i) {
                                 const inside here(alive);
                                 ++ran[i];
                                 if (i == 1) throw std::domain_error("item");
                             },
                             {.grain = 1});
            } catch (const std::domain_error&) {
                thrown = true;
            }
            check::require(alive == 0 && rt::current_task().stop_requests() == 0);
        });
        check::require(thrown && ran[1] == 1);
        require_none_twice(ran);
    });
}

TEST(checked_parallel, of_two_failures_one_comes_out) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        run_on(pool, [&] {
            std::atomic<int> alive{0};
            int thrown = 0;
            try {
                parallel_for(0, 2,
                             [&](int i) {
                                 const inside here(alive);
                                 throw i + 1;
                             },
                             {.grain = 1});
            } catch (int which) {
                thrown = which;
            }
            check::require(alive == 0 && (thrown == 1 || thrown == 2));
            check::require(rt::current_task().stop_requests() == 0);
        });
    });
}

TEST(checked_parallel, a_failure_ends_the_wait_of_another_item_and_is_what_comes_out) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        semaphore never(0);
        bool thrown = false;
        run_on(pool, [&] {
            try {
                parallel_for(0, 2,
                             [&](int i) {
                                 if (i == 1) throw std::domain_error("item");
                                 never.acquire();
                             },
                             {.grain = 1});
            } catch (const std::domain_error&) {
                thrown = true;
            }
        });
        check::require(thrown);
    });
}

TEST(checked_parallel, a_request_to_stop_is_met_by_some_items_and_leaves_nothing_running) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::atomic<int> alive{0};
        std::array<int, 4> ran{};
        const auto f = pool.submit([&] {
            const bool stopped = cancelled_in([&] {
                parallel_for(0u, 4u,
                             [&](unsigned i) {
                                 const inside here(alive);
                                 ++ran[i];
                             },
                             {.grain = 1});
            });
            check::require(alive == 0);
            require_none_twice(ran);
            check::require(stopped || ran == std::array{1, 1, 1, 1});
        });
        f.request_stop();
        (void)cancelled_in([&] { f.get(); });  // it may not have begun
    });
}

TEST(checked_parallel, reduce_keeps_the_order_of_the_items) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        const std::vector<std::string> words{"a", "b", "c", "d"};
        const auto all = run_on(pool, [&] {
            return parallel_reduce(words, std::string("<"), std::plus<>(), std::identity(), {.grain = 1});
        });
        check::require(all == "<abcd");
    });
}

TEST(checked_parallel, reduce_throws_what_one_item_has_thrown) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::atomic<int> alive{0};
        bool thrown = false;
        run_on(pool, [&] {
            try {
                const auto value = [&](int i) {
                    const inside here(alive);
                    return i == 2 ? throw std::domain_error("item") : i;
                };
                (void)parallel_reduce(0, 4, 0, std::plus<>(), value, {.grain = 1});
            } catch (const std::domain_error&) {
                thrown = true;
            }
            check::require(alive == 0);
        });
        check::require(thrown);
    });
}

TEST(checked_parallel, scan_gives_the_sums_also_in_place) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::vector<std::string> words{"a", "b", "c"};
        run_on(pool, [&] {
            parallel_scan(words, words.begin(), std::string(), std::plus<>(), scan::inclusive, {.grain = 1});
        });
        check::require(words == std::vector<std::string>{"a", "ab", "abc"});
    });
}

TEST(checked_parallel, transform_writes_each_result_to_its_place) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        const std::array items{1, 2, 3};
        std::array<int, 3> squares{};
        run_on(pool, [&] {
            parallel_transform(items, squares.begin(), [](int n) { return n * n; }, {.grain = 1});
        });
        check::require(squares == std::array{1, 4, 9});
    });
}

// The least grain: a few more items than that are divided once.
TEST(checked_parallel, sort_sorts) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::vector<int> items;
        for (int i = 0; i < 18; ++i) items.push_back(i * 7 % 18);
        run_on(pool, [&] { parallel_sort(items, std::less<>(), std::identity(), {.grain = 16}); });
        for (std::size_t i = 0; i < items.size(); ++i) check::require(items[i] == static_cast<int>(i));
    });
}

TEST(checked_parallel, stable_sort_keeps_the_order_of_equal_items) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::vector items{31, 12, 32, 11, 33};
        run_on(pool, [&] {
            parallel_stable_sort(items, std::less<>(), [](int n) { return n / 10; }, {.grain = 1});
        });
        check::require(items == std::vector{12, 11, 31, 32, 33});
    });
}

TEST(checked_parallel, a_sort_that_fails_leaves_all_items_there) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        std::vector items{4, 3, 2, 1};
        bool thrown = false;
        run_on(pool, [&] {
            try {
                parallel_stable_sort(
                    items, [](int a, int b) { return a + b == 3 ? throw std::domain_error("pair") : a < b; },
                    std::identity(), {.grain = 2});
            } catch (const std::domain_error&) {
                thrown = true;
            }
        });
        std::sort(items.begin(), items.end());
        check::require(thrown && items == std::vector{1, 2, 3, 4});
    });
}

}  // namespace
