// SPDX-License-Identifier: BSL-1.0
// expects: lost wake-up
// The flag is set without the mutex: the signal can come between the waiter's test and its wait.
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
std::condition_variable changed;
std::atomic<bool> ready = false;
}  // namespace

int main() {
    std::thread setter([] {
        ready = true;
        changed.notify_one();
    });
    {
        std::unique_lock hold(lock);
        while (!ready) changed.wait(hold);
    }
    setter.join();
}
