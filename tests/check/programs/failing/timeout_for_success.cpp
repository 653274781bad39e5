// SPDX-License-Identifier: BSL-1.0
// expects: assertion
// Nobody looks whether wait_for() ended because the result is there or because the time was over.
#undef NDEBUG
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
std::condition_variable answered;
int answer = 0;
}  // namespace

int main() {
    std::thread worker([] {
        const std::lock_guard hold(lock);
        answer = 42;
        answered.notify_one();
    });
    {
        std::unique_lock hold(lock);
        answered.wait_for(hold, std::chrono::milliseconds(50), [] { return answer != 0; });
        assert(answer == 42);
    }
    worker.join();
}
