// SPDX-License-Identifier: BSL-1.0
// Threads take their turns by a ticket: they wait for the number with atomic::wait, on an int and on a byte.
#undef NDEBUG
#include <atomic>
#include <cassert>
#include <thread>
#include <vector>

namespace {
std::atomic<int> turn = 0;
std::atomic<bool> open = false;  // not of the size that the system waits for
std::vector<int> order;

void work(int ticket) {
    open.wait(false);
    for (int now = turn.load(); now != ticket; now = turn.load()) turn.wait(now);
    order.push_back(ticket);
    turn.store(ticket + 1);
    turn.notify_all();
}
}  // namespace

int main() {
    std::vector<std::thread> threads;
    for (int ticket = 0; ticket < 3; ++ticket) threads.emplace_back(work, ticket);
    open = true;
    open.notify_all();
    for (std::thread& t : threads) t.join();
    assert((order == std::vector{0, 1, 2}));
}
