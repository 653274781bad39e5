// SPDX-License-Identifier: BSL-1.0
// Work that keeps a CPU busy goes to a pool; the coroutine that awaits it leaves its loop free meanwhile.
#include <cstdio>
#include <heddle/heddle.hpp>

using namespace std::chrono_literals;

unsigned long collatz_steps(unsigned long limit) {
    unsigned long steps = 0;
    for (unsigned long n = 1; n <= limit; ++n)
        for (unsigned long x = n; x != 1; x = x % 2 == 0 ? x / 2 : 3 * x + 1) ++steps;
    return steps;
}

heddle::task<int> tick(const heddle::future<unsigned long>& work) {
    int ticks = 0;
    while (!work.done()) {
        co_await heddle::sleep(1ms);
        ++ticks;
    }
    co_return ticks;
}

heddle::task<int> program(heddle::thread_pool& pool) {
    const auto work = pool.submit(collatz_steps, 300'000UL);
    auto ticking = heddle::spawn(tick(work));
    std::printf("%lu steps", co_await work);  // resumed on this loop, not on the pool
    std::printf(", and the loop ticked %d times meanwhile\n", co_await ticking);
    co_return work.done() ? 0 : 1;
}

int main() {
    heddle::thread_pool pool;
    return heddle::run(program(pool));
}
