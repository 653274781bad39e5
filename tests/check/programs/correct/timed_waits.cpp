// SPDX-License-Identifier: BSL-1.0
// Waits with a limit whose result is looked at: a condition, a timed mutex, a semaphore and a future.
#undef NDEBUG
#include <cassert>
#include <chrono>
#include <condition_variable>
#include <future>
#include <mutex>
#include <semaphore>
#include <thread>

namespace {
using namespace std::chrono_literals;

std::mutex lock;
std::condition_variable answered;
int answer = 0;
std::timed_mutex timed;
int guarded = 0;
std::binary_semaphore posted(0);
}  // namespace

int main() {
    std::promise<int> promise;
    std::future<int> later = promise.get_future();
    std::thread worker([&] {
        {
            const std::lock_guard hold(timed);
            ++guarded;
        }
        {
            const std::lock_guard hold(lock);
            answer = 42;
            answered.notify_one();
        }
        posted.release();
        promise.set_value(7);
    });
    if (timed.try_lock_for(5ms)) {
        ++guarded;
        timed.unlock();
    }
    {
        std::unique_lock hold(lock);
        const auto limit = std::chrono::steady_clock::now() + 10ms;
        const bool in_time = answered.wait_until(hold, limit, [] { return answer != 0; });
        assert(in_time == (answer == 42));
        assert(in_time || std::chrono::steady_clock::now() >= limit);
    }
    while (!posted.try_acquire_for(1ms)) std::this_thread::yield();
    if (later.wait_for(2ms) == std::future_status::ready) assert(later.get() == 7);
    worker.join();
    assert(guarded == 1 || guarded == 2);
}
