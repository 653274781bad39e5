// SPDX-License-Identifier: BSL-1.0
// A thread sleeps in steps until a deadline, another looks at the clock again and again, and none sleeps too
// short.
#undef NDEBUG
#include <atomic>
#include <cassert>
#include <chrono>
#include <mutex>
#include <thread>

namespace {
using namespace std::chrono_literals;
using clock_type = std::chrono::steady_clock;

std::mutex lock;
int ticks = 0;
}  // namespace

int main() {
    const auto begin = clock_type::now();
    const auto deadline = begin + 3ms;
    std::thread ticker([&] {
        while (clock_type::now() < deadline) {
            std::this_thread::sleep_for(1ms);
            const std::lock_guard hold(lock);
            ++ticks;
        }
    });
    std::thread poller([&] {
        while (clock_type::now() < deadline) std::this_thread::yield();
    });
    const auto wall = std::chrono::system_clock::now();
    std::this_thread::sleep_until(begin + 2ms);
    assert(clock_type::now() >= begin + 2ms);
    assert(std::chrono::system_clock::now() >= wall);
    ticker.join();
    poller.join();
    assert(clock_type::now() >= deadline);
    assert(ticks <= 3);
}
