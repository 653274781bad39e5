// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// Only the first of two stores to an atomic variable is announced to those who wait for it.
#include <atomic>
#include <thread>

namespace {
std::atomic<int> stage = 0;
}  // namespace

int main() {
    std::thread worker([] {
        stage = 1;
        stage.notify_all();
        stage = 2;
    });
    for (int seen = stage; seen != 2; seen = stage) stage.wait(seen);
    worker.join();
}
