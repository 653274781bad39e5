// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// Three philosophers each take the left fork and then the right one.
#include <array>
#include <mutex>
#include <thread>
#include <vector>

namespace {
constexpr std::size_t seats = 3;
std::array<std::mutex, seats> forks;

void dine(std::size_t seat) {
    const std::lock_guard left(forks[seat]);
    const std::lock_guard right(forks[(seat + 1) % seats]);
}
}  // namespace

int main() {
    std::vector<std::thread> philosophers;
    for (std::size_t seat = 0; seat < seats; ++seat) philosophers.emplace_back(dine, seat);
    for (std::thread& p : philosophers) p.join();
}
