// SPDX-License-Identifier: BSL-1.0
// Pools that have nothing to do, for ten seconds.
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <time.h>
#include <chrono>
#include <heddle/policy/any_policy.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/task/policy_pool.hpp>
#include <heddle/task/thread_pool.hpp>
#include "rt/sanitized.hpp"
#include "rt/waiting.hpp"

using namespace std::chrono_literals;

namespace {

std::chrono::nanoseconds cpu_time() {
    timespec t{};
    ::clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

long waits() {
    rusage u{};
    ::getrusage(RUSAGE_SELF, &u);
    return u.ru_nvcsw;
}

}  // namespace

TEST(pool_idle_stress, workers_sleep_on_beside_tasks_that_wait_and_timers_that_are_not_due) {
    heddle::event open;
    heddle::thread_pool pool(4);
    heddle::policy_pool ordered(heddle::policy::make_policy("fcfs"), {.workers = 2});
    pool.post([&] { open.wait(); });
    pool.post([&] { (void)open.wait_for(1h); });
    ordered.post([&] { open.wait(); });
    for (int i = 0; i < 1000; ++i) pool.post([] {});
    ordered.submit([] {}).get();
    // All sleep when nobody has done so for a while.
    for (auto before = ~std::uint64_t{0}; before != pool.stats().sleeps; heddle::rt::sleep_for(100ms))
        before = pool.stats().sleeps;

    const auto before = pool.stats();
    const auto cpu = cpu_time();
    const long waited = waits();
    heddle::rt::sleep_for(HEDDLE_SANITIZED != 0 ? 3s : 10s);
    const auto used = cpu_time() - cpu;
    EXPECT_LT(used, HEDDLE_SANITIZED != 0 ? 50ms : 5ms);
    if (HEDDLE_SANITIZED == 0) {
        EXPECT_LE(waits() - waited, 5);  // this thread, once; nobody has got up to look
    }
    EXPECT_EQ(pool.stats().sleeps, before.sleeps);
    EXPECT_EQ(pool.stats().wakes, before.wakes);
    open.set();
}
