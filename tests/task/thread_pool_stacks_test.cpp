// SPDX-License-Identifier: BSL-1.0
// What tasks of a pool need of their stacks, and what is left of that.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <atomic>
#include <cstdint>
#include <functional>
#include <heddle/sync/event.hpp>
#include <heddle/task/thread_pool.hpp>
#include <vector>
#include "rt/waiting.hpp"

using heddle::future;
using heddle::thread_pool;

TEST(thread_pool_stacks, a_long_chain_of_tasks_that_wait_for_each_other_does_not_overflow_the_stack) {
    thread_pool pool({.workers = 1, .stack_size = std::size_t{256} << 10});
    struct chain {
        static int link(thread_pool& pool, int n) {
            if (n == 0) return 0;
            return pool.submit(link, std::ref(pool), n - 1).get() + 1;
        }
    };
    EXPECT_EQ(pool.submit(chain::link, std::ref(pool), 3000).get(), 3000);
}

TEST(thread_pool_stacks, a_task_run_in_place_finds_half_a_stack) {
    thread_pool pool(1);  // a megabyte of stack for each task
    struct chain {
        static int link(thread_pool& pool, int n) {
            volatile char room[std::size_t{300} << 10];
            room[0] = 1;
            room[sizeof room - 1] = 1;
            const int rest = n == 0 ? 0 : pool.submit(link, std::ref(pool), n - 1).get();
            return rest + room[0];
        }
    };
    EXPECT_EQ(pool.submit(chain::link, std::ref(pool), 9).get(), 10);
}

TEST(thread_pool_stacks, a_pool_that_is_idle_gives_back_what_tasks_have_used_of_their_stacks) {
    struct dig {
        static int down(int n) {
            volatile char room[1024];
            room[0] = 1;
            return n == 0 ? 0 : down(n - 1) + room[0];
        }
    };
    thread_pool pool(1);
    heddle::event go;
    std::atomic<int> begun{0};
    std::vector<future<std::uintptr_t>> all;
    for (int i = 0; i < 8; ++i)
        all.push_back(pool.submit([&] {
            EXPECT_GT(dig::down(512), 0);
            ++begun;
            go.wait();
            return reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - (std::size_t{256} << 10);
        }));
    waiting::until([&] { return begun == 8; });  // on as many stacks
    go.set();
    for (const auto& f : all) f.wait();
    waiting::until([&] {
        int resident = 0;
        for (const auto& f : all) {
            unsigned char is = 0;
            EXPECT_EQ(::mincore(reinterpret_cast<void*>(f.get() / 4096 * 4096), 4096, &is), 0);
            resident += is & 1;
        }
        return resident <= 1;  // the one that is used next keeps what it has
    });
}
