// SPDX-License-Identifier: BSL-1.0
// Where fibers get their stacks from: sizes, recycling, and running out.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <heddle/rt/fiber.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <vector>

#include "lambda_fiber.hpp"

using fiber_tests::lambda_fiber;
using fiber_tests::suspend_here;
using heddle::rt::fiber;
using heddle::rt::fiber_options;

TEST(fiber_stack, sizes_are_rounded_up_to_what_works) {
    fiber_options options;
    options.stack_size = 1;
    options.guard_size = 1;
    lambda_fiber small([] {}, options);
    EXPECT_GE(small->stack_size(), 16u << 10);
    EXPECT_GE(small->guard_size(), 64u << 10);
    options.stack_size = (1 << 20) + 1;
    lambda_fiber odd([] {}, options);
    EXPECT_GT(odd->stack_size(), 1u << 20);
    EXPECT_EQ(odd->stack_size() % 4096, 0u);
}

TEST(fiber_stack, a_deep_recursion_fits_into_the_stack_that_was_asked_for) {
    struct dig {
        static std::uintptr_t down(int n) {
            volatile char room[1024];
            room[0] = static_cast<char>(n);
            return n == 0 ? 0 : down(n - 1) + static_cast<std::uintptr_t>(room[0] != 0 || n % 256 == 0);
        }
    };
    std::uintptr_t depth = 0;
    fiber_options options;
    options.stack_size = 64 << 20;
    lambda_fiber f([&] { depth = dig::down(8192); }, options);
    f.finish();
    EXPECT_EQ(depth, 8192u);
}

TEST(fiber_stack, a_stack_that_cannot_be_had_is_an_error_that_names_the_fiber) {
    for (const std::size_t size : {std::size_t{1} << 60, ~std::size_t{0}}) {
        try {
            fiber_options options;
            options.stack_size = size;
            options.name = "huge";
            lambda_fiber f([] {}, options);
            FAIL() << "nothing was thrown";
        } catch (const std::system_error& e) {
            EXPECT_NE(std::string(e.what()).find("'huge'"), std::string::npos) << e.what();
        }
    }
}

TEST(fiber_stack, stacks_are_recycled) {
    const void* first = nullptr;
    const void* second = nullptr;
    const auto where = [](const void*& out) { return [&out] { out = __builtin_frame_address(0); }; };
    lambda_fiber(where(first)).finish();
    lambda_fiber(where(second)).finish();
    EXPECT_EQ(first, second);
}

TEST(fiber_stack, what_a_fiber_has_used_of_its_stack_beyond_a_little_is_given_back) {
    struct dig {
        // AddressSanitizer may put the frames elsewhere.
        __attribute__((noinline, no_sanitize("address"))) static int down(int n) {
            volatile char room[1024];
            room[0] = 1;
            asm volatile("" : : "r"(&room[0]) : "memory");  // no compiler makes a loop of it
            return n == 0 ? 0 : down(n - 1) + room[0];
        }
    };
    // Whether the page so far below the caller is in memory.
    const auto resident = [](std::size_t below) {
        const auto at = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - below;
        unsigned char is = 0;
        EXPECT_EQ(::mincore(reinterpret_cast<void*>(at / 4096 * 4096), 4096, &is), 0);
        return (is & 1) != 0;
    };
    constexpr std::size_t deep = std::size_t{256} << 10;
    fiber_options options;
    options.stack_size = std::size_t{4} << 20;
    lambda_fiber suspended(
        [&] {
            EXPECT_GT(dig::down(1024), 0);
            EXPECT_TRUE(resident(deep));
            suspend_here();
            EXPECT_FALSE(resident(deep));
            EXPECT_GT(dig::down(1024), 0);
        },
        options);
    suspended->resume();
    suspended->trim();
    suspended.finish();
    lambda_fiber([&] { EXPECT_FALSE(resident(deep)); }, options).finish();  // on the same stack
}

TEST(fiber_stack, more_at_once_than_are_kept_for_later) {
    for (int round = 0; round < 2; ++round) {
        std::vector<std::unique_ptr<lambda_fiber>> all;
        int ran = 0;
        for (int i = 0; i < 5000; ++i) {
            fiber_options options;
            options.stack_size = 64 << 10;
            all.push_back(std::make_unique<lambda_fiber>(
                [&ran] {
                    suspend_here();
                    ++ran;
                },
                options));
        }
        for (auto& f : all) (*f)->resume();
        for (auto& f : all) (*f)->resume();
        EXPECT_EQ(ran, 5000);
    }
}

TEST(fiber_stack, many_sizes_at_once) {
    for (int round = 0; round < 3; ++round) {
        for (std::size_t i = 1; i <= 20; ++i) {
            fiber_options options;
            options.stack_size = i * (32 << 10);
            lambda_fiber f([] { suspend_here(); }, options);
            f.finish();
            EXPECT_EQ(f->stack_size(), i * (32 << 10));
        }
    }
}

TEST(fiber_stack, stacks_are_taken_and_given_back_by_many_threads) {
    std::vector<std::thread> threads;
    std::atomic<int> ran{0};
    for (int t = 0; t < 4; ++t)
        threads.emplace_back([&] {
            for (int i = 0; i < 500; ++i) {
                lambda_fiber a([&] {
                    suspend_here();
                    ran.fetch_add(1, std::memory_order_relaxed);
                });
                lambda_fiber b([&] { ran.fetch_add(1, std::memory_order_relaxed); });
                a->resume();
                b.finish();
                a.finish();
            }
        });
    for (auto& t : threads) t.join();
    EXPECT_EQ(ran.load(), 4000);
}
