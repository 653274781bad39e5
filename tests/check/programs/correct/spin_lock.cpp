// SPDX-License-Identifier: BSL-1.0
// A spin lock of an atomic_flag, whose waiters yield.
#undef NDEBUG
#include <atomic>
#include <cassert>
#include <mutex>
#include <thread>

namespace {
class spin_lock {
 public:
    void lock() noexcept {
        while (taken_.test_and_set(std::memory_order_acquire)) std::this_thread::yield();
    }
    void unlock() noexcept { taken_.clear(std::memory_order_release); }

 private:
    std::atomic_flag taken_;
};

spin_lock guard;
int count = 0;

void work() {
    for (int i = 0; i < 2; ++i) {
        const std::lock_guard hold(guard);
        ++count;
    }
}
}  // namespace

int main() {
    std::thread a(work);
    std::thread b(work);
    work();
    a.join();
    b.join();
    assert(count == 6);
}
