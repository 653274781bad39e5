// SPDX-License-Identifier: BSL-1.0
// map_reduce() of a few items in many orders.
#include <atomic>
#include <functional>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/map_reduce.hpp>
#include <heddle/task/thread_pool.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "checked.hpp"

namespace {

using namespace heddle;
using checked::cancelled_in;

TEST(checked_map_reduce, reduces_each_item_once_in_the_order_of_the_items) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        const auto all = map_reduce(pool, std::vector{1, 2, 3}, [](int n) { return std::to_string(n); },
                                    std::plus<>(), {.chunk = 1});
        check::require(all == "123");
    });
}

TEST(checked_map_reduce, by_key_reduces_equal_keys_in_the_order_of_the_items) {
    EXPECT_CORRECT([] {
        thread_pool pool(2);
        using pair = std::pair<int, std::string>;
        const auto sums = map_reduce_by_key<int, std::string>(
            pool, std::vector{1, 2, 3}, [](int n) { return std::vector{pair(n % 2, std::to_string(n))}; },
            std::plus<>(), {.chunk = 1});
        check::require(sums == std::map<int, std::string>{{0, "2"}, {1, "13"}});
    });
}

TEST(checked_map_reduce, throws_the_first_error_in_the_order_of_the_items) {
    EXPECT_CORRECT([] {
        std::atomic<int> ran{0};
        int thrown = 0;
        {
            thread_pool pool(2);
            const auto map = [&](int n) {
                ++ran;
                return n == 1 ? n : throw n;
            };
            try {
                (void)map_reduce(pool, std::vector{1, 2, 3}, map, std::plus<>(), {.chunk = 1});
            } catch (int which) {
                thrown = which;
            }
        }
        check::require(thrown == 2 && ran >= 2 && ran <= 3);  // the last one may have been withdrawn
    });
}

TEST(checked_map_reduce, one_that_gives_up_withdraws_what_has_not_begun) {
    EXPECT_CORRECT([] {
        semaphore permits(0);
        std::atomic<int> began{0};
        std::atomic<int> ended{0};
        {
            thread_pool pool(1);
            bool late = false;
            const auto map = [&](int n) {
                ++began;
                permits.acquire();
                ++ended;
                return n;
            };
            try {
                (void)map_reduce(pool, std::vector{1, 2}, map, std::plus<>(),
                                 {.chunk = 1, .until = rt::deadline::after(std::chrono::milliseconds(1))});
            } catch (const timeout_error&) {
                late = true;
            }
            check::require(late);
            permits.release(2);
        }
        check::require(began == ended && ended <= 2);
    });
}

TEST(checked_map_reduce, a_request_to_stop_ends_the_wait_for_the_results) {
    EXPECT_CORRECT([] {
        semaphore permits(0);
        std::atomic<int> began{0};
        std::atomic<int> ended{0};
        {
            thread_pool pool(2);
            checked::stoppable_thread caller([&] {
                const auto map = [&](int n) {
                    ++began;
                    permits.acquire();
                    ++ended;
                    return n;
                };
                check::require(cancelled_in(
                    [&] { (void)map_reduce(pool, std::vector{1, 2}, map, std::plus<>(), {.chunk = 1}); }));
            });
            caller.request_stop();
            caller.join();
            permits.release(2);
        }
        check::require(began == ended);
    });
}

}  // namespace
