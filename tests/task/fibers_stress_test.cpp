// SPDX-License-Identifier: BSL-1.0
// As many tasks that wait at once as there is room for, and what becomes of one more.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <fstream>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/task/thread_pool.hpp>
#include <limits>
#include <string>
#include <system_error>
#include <vector>
#include "rt/sanitized.hpp"

using heddle::thread_pool;

namespace {

// The number behind `key` in a file of lines "key: 12 kB" or "key 12", or the first one where there is no
// key.
std::size_t number_in(const std::string& file, const std::string& key = "") {
    std::ifstream in(file);
    std::string word;
    std::size_t n = 0;
    if (key.empty()) return in >> n ? n : std::numeric_limits<std::size_t>::max();
    while (in >> word)
        if (word == key + ":" && in >> n) return n;
    return 0;
}

std::size_t mappings() {
    std::ifstream in("/proc/self/maps");
    std::size_t n = 0;
    for (std::string line; std::getline(in, line);) ++n;
    return n;
}

// In KB, with the tables of pages.
std::size_t memory_used() {
    return number_in("/proc/self/status", "VmRSS") + number_in("/proc/self/status", "VmPTE");
}

std::size_t memory_left() {
    std::size_t left = number_in("/proc/meminfo", "MemAvailable");
    const auto limit = [&](const std::string& most, const std::string& used) {
        const std::size_t max = number_in(most);
        if (max == std::numeric_limits<std::size_t>::max()) return;  // "max", or no such file
        const std::size_t now = number_in(used);
        left = std::min(left, (max > now ? max - now : 0) / 1024);
    };
    limit("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current");
    limit("/sys/fs/cgroup/memory/memory.limit_in_bytes", "/sys/fs/cgroup/memory/memory.usage_in_bytes");
    return left;
}

struct cost {
    double kilobytes = 0;
    double mappings = 0;
};

// Suspends `n` tasks at once, and then lets all of them go on.
cost suspend_and_resume(thread_pool& pool, std::size_t n) {
    heddle::event go;
    heddle::latch waiting(static_cast<std::ptrdiff_t>(n));
    heddle::latch over(static_cast<std::ptrdiff_t>(n));
    const std::size_t memory = memory_used();
    const std::size_t maps = mappings();
    for (std::size_t i = 0; i < n; ++i)
        pool.post([&] {
            waiting.count_down();
            go.wait();
            over.count_down();
        });
    waiting.wait();
    EXPECT_GE(pool.stats().running, n);
    const auto each = [n](std::size_t now, std::size_t before) {
        return static_cast<double>(now > before ? now - before : 0) / static_cast<double>(n);
    };
    const cost c{each(memory_used(), memory), each(mappings(), maps)};
    go.set();
    over.wait();
    return c;
}

}  // namespace

TEST(fibers_stress, as_many_tasks_wait_at_once_as_there_is_room_for_up_to_a_million_and_all_go_on) {
    // One worker: for each mapping that goes the kernel interrupts the CPUs of all others.
    thread_pool pool({.workers = 1, .stack_size = std::size_t{16} << 10});
    if (HEDDLE_SANITIZED != 0) {
        suspend_and_resume(pool, 2000);
        return;
    }
    // More than the stacks that are kept for later, so that these are not what is measured.
    const cost each = suspend_and_resume(pool, 10'000);
    double n = 1e6;
    // Of the memory a quarter, because other tests run beside this one.
    n = std::min(n, static_cast<double>(memory_left()) / 4 / std::max(each.kilobytes, 1.0));
    if (each.mappings > 0.01) {
        const std::size_t most = number_in("/proc/sys/vm/max_map_count");
        const std::size_t now = mappings() + 1000;
        n = std::min(n, static_cast<double>(most > now ? most - now : 0) / each.mappings);
    }
    const auto many = static_cast<std::size_t>(n);
    RecordProperty("tasks", static_cast<int>(many));
    if (many < 20'000)
        GTEST_SKIP() << "a task that waits takes " << each.kilobytes << " KB of the " << memory_left()
                     << " KB that are left, and " << each.mappings << " of the "
                     << number_in("/proc/sys/vm/max_map_count") << " mappings of vm.max_map_count: there is "
                     << "no room for more than " << many;
    suspend_and_resume(pool, many);
}

TEST(fibers_stress, a_task_for_which_there_is_no_stack_fails_and_says_why) {
    if (HEDDLE_SANITIZED != 0) GTEST_SKIP() << "under a sanitizer the address space cannot be limited";
    // What is taken from this limit by others, as the heap, is less than a stack.
    class limited_space {
     public:
        explicit limited_space(std::size_t more_kilobytes) {
            ::getrlimit(RLIMIT_AS, &before_);
            rlimit less = before_;
            less.rlim_cur = (number_in("/proc/self/status", "VmSize") + more_kilobytes) << 10;
            EXPECT_EQ(::setrlimit(RLIMIT_AS, &less), 0);
        }
        ~limited_space() { ::setrlimit(RLIMIT_AS, &before_); }
        limited_space(const limited_space&) = delete;
        limited_space& operator=(const limited_space&) = delete;

     private:
        rlimit before_{};
    };
    constexpr std::size_t stack = std::size_t{16} << 20;
    constexpr int many = 64;
    thread_pool pool({.workers = 2, .stack_size = stack});
    pool.submit([] {}).get();
    heddle::event go;
    std::vector<heddle::future<>> all;
    all.reserve(many);
    int failed = 0;
    {
        const limited_space limit((many / 2 * stack) >> 10);
        for (int i = 0; i < many; ++i) all.push_back(pool.submit([&] { go.wait(); }));
        // Each of them waits on a stack, or has failed.
        for (const auto& f : all) {
            while (!f.done() && f.status() != heddle::future_status::running) ::usleep(1000);
        }
    }
    go.set();
    for (const auto& f : all) {
        try {
            f.get();
        } catch (const std::system_error& e) {
            ++failed;
            EXPECT_EQ(e.code(), std::errc::not_enough_memory);
            EXPECT_NE(std::string(e.what()).find("cannot map a stack of 16384 KB for fiber 'pool task'"),
                      std::string::npos)
                << e.what();
            EXPECT_NE(std::string(e.what()).find("vm.max_map_count or a memory limit"), std::string::npos);
        }
    }
    EXPECT_GE(failed, many / 4);
    EXPECT_LT(failed, many);
    EXPECT_EQ(pool.submit([] { return 7; }).get(), 7);
}
