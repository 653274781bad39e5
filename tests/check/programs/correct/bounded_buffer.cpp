// SPDX-License-Identifier: BSL-1.0
// Two producers and a consumer share a buffer of two places, guarded by a mutex and two conditions.
#undef NDEBUG
#include <cassert>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace {
class buffer {
 public:
    void put(int value) {
        std::unique_lock hold(lock_);
        taken_.wait(hold, [this] { return values_.size() < 2; });
        values_.push_back(value);
        put_.notify_one();
    }

    int take() {
        std::unique_lock hold(lock_);
        put_.wait(hold, [this] { return !values_.empty(); });
        const int value = values_.front();
        values_.pop_front();
        taken_.notify_one();
        return value;
    }

 private:
    std::mutex lock_;
    std::condition_variable put_;
    std::condition_variable taken_;
    std::deque<int> values_;
};
}  // namespace

int main() {
    buffer b;
    std::thread first([&] {
        for (int i = 1; i <= 3; ++i) b.put(i);
    });
    std::thread second([&] {
        for (int i = 10; i <= 30; i += 10) b.put(i);
    });
    int sum = 0;
    for (int i = 0; i < 6; ++i) sum += b.take();
    first.join();
    second.join();
    assert(sum == 66);
}
