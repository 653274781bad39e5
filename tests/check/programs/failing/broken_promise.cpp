// SPDX-License-Identifier: BSL-1.0
// expects: uncaught exception
// The worker gives up without an answer if it is stopped first, and nobody is ready for that.
#include <future>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
bool stopped = false;

void work(std::promise<int> answer) {
    const std::lock_guard hold(lock);
    if (!stopped) answer.set_value(1);
}
}  // namespace

int main() {
    std::promise<int> answer;
    std::future<int> result = answer.get_future();
    std::thread worker(work, std::move(answer));
    {
        const std::lock_guard hold(lock);
        stopped = true;
    }
    const int value = result.get();
    worker.join();
    return value == 1 ? 0 : 1;
}
