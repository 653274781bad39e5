// SPDX-License-Identifier: BSL-1.0
// Three philosophers take the fork of the lower number first.
#undef NDEBUG
#include <algorithm>
#include <array>
#include <cassert>
#include <mutex>
#include <thread>
#include <vector>

namespace {
constexpr std::size_t seats = 3;
std::array<std::mutex, seats> forks;
std::array<int, seats> uses{};

void dine(std::size_t seat) {
    const std::size_t next = (seat + 1) % seats;
    const std::lock_guard low(forks[std::min(seat, next)]);
    const std::lock_guard high(forks[std::max(seat, next)]);
    ++uses[seat];
    ++uses[next];
}
}  // namespace

int main() {
    std::vector<std::thread> philosophers;
    for (std::size_t seat = 0; seat < seats; ++seat) philosophers.emplace_back(dine, seat);
    for (std::thread& p : philosophers) p.join();
    assert((uses == std::array<int, seats>{2, 2, 2}));
}
