// SPDX-License-Identifier: BSL-1.0
// Packaged tasks go through a queue to a worker; a task without a function tells it to end.
#undef NDEBUG
#include <cassert>
#include <condition_variable>
#include <future>
#include <mutex>
#include <queue>
#include <thread>

namespace {
std::mutex lock;
std::condition_variable posted;
std::queue<std::packaged_task<int()>> tasks;

std::future<int> post(std::packaged_task<int()> task) {
    std::future<int> result = task.valid() ? task.get_future() : std::future<int>();
    const std::lock_guard hold(lock);
    tasks.push(std::move(task));
    posted.notify_one();
    return result;
}

void work() {
    for (;;) {
        std::unique_lock hold(lock);
        posted.wait(hold, [] { return !tasks.empty(); });
        std::packaged_task<int()> task = std::move(tasks.front());
        tasks.pop();
        hold.unlock();
        if (!task.valid()) return;
        task();
    }
}
}  // namespace

int main() {
    std::thread worker(work);
    std::future<int> first = post(std::packaged_task<int()>([] { return 1; }));
    std::future<int> second = post(std::packaged_task<int()>([]() -> int { throw 2; }));
    int sum = first.get();
    try {
        sum += second.get();
    } catch (int thrown) {
        sum += thrown;
    }
    post({});
    worker.join();
    assert(sum == 3);
}
