// SPDX-License-Identifier: BSL-1.0
// Threads work on their own cells, meet at a std::barrier, read their neighbours', and meet again.
#undef NDEBUG
#include <array>
#include <barrier>
#include <cassert>
#include <thread>
#include <vector>

namespace {
constexpr int n = 3;
std::array<int, n> cells{};
int phases = 0;

void count_phase() noexcept {
    ++phases;
}

std::barrier meeting(n, &count_phase);

void work(int me) {
    for (int phase = 1; phase <= 2; ++phase) {
        cells[static_cast<std::size_t>(me)] = phase * (me + 1);
        meeting.arrive_and_wait();
        const int neighbour = (me + 1) % n;
        assert(cells[static_cast<std::size_t>(neighbour)] == phase * (neighbour + 1));
        meeting.arrive_and_wait();
    }
}
}  // namespace

int main() {
    std::vector<std::thread> threads;
    for (int i = 0; i < n; ++i) threads.emplace_back(work, i);
    for (std::thread& t : threads) t.join();
    assert(phases == 4);
}
