// SPDX-License-Identifier: BSL-1.0
// expects: endless spin
// options: --max-steps 5000
// A thread spins until it sees the counter at one. If the counter goes on to two before it looks, it spins
// for ever.
#include <atomic>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
std::atomic<int> phase = 0;

void advance() {
    const std::lock_guard hold(lock);
    ++phase;
}
}  // namespace

int main() {
    std::thread spinner([] {
        while (phase != 1) std::this_thread::yield();
        advance();
    });
    std::thread a(advance);
    std::thread b([] {
        if (phase == 1) advance();
    });
    a.join();
    b.join();
    spinner.join();
}
