// SPDX-License-Identifier: BSL-1.0
// expects: assertion
// A std::thread that nobody has joined is destroyed, because the function returns early: std::terminate().
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
int failures = 0;

void fail() {
    const std::lock_guard hold(lock);
    ++failures;
}

bool run() {
    std::thread worker(fail);
    {
        const std::lock_guard hold(lock);
        if (failures > 0) return false;
    }
    worker.join();
    return true;
}
}  // namespace

int main() {
    run();
}
