// SPDX-License-Identifier: BSL-1.0
// expects: no progress
// options: --max-steps 5000 --no-races
// needs: memory
// Nothing is wrong: two threads count, and it takes longer than the limit of steps.
#include <atomic>
#include <thread>

namespace {
std::atomic<long> count = 0;

void work() {
    for (int i = 0; i < 10'000; ++i) ++count;
}
}  // namespace

int main() {
    std::thread other(work);
    work();
    other.join();
}
