// SPDX-License-Identifier: BSL-1.0
// A seqlock: readers begin again when the number is odd or has changed. Its data are relaxed atomics, as they
// must be.
#undef NDEBUG
#include <atomic>
#include <cassert>
#include <thread>

namespace {
std::atomic<unsigned> number = 0;
std::atomic<int> x = 0;
std::atomic<int> y = 0;

void write(int value) {  // one writer
    const unsigned n = number.load(std::memory_order_relaxed);
    number.store(n + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    x.store(value, std::memory_order_relaxed);
    y.store(-value, std::memory_order_relaxed);
    number.store(n + 2, std::memory_order_release);
}

int read_sum() {
    for (;;) {
        const unsigned before = number.load(std::memory_order_acquire);
        if (before % 2 != 0) {
            std::this_thread::yield();
            continue;
        }
        const int sum = x.load(std::memory_order_relaxed) + y.load(std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_acquire);
        if (number.load(std::memory_order_relaxed) == before) return sum;
    }
}
}  // namespace

int main() {
    std::thread writer([] {
        write(1);
        write(2);
    });
    std::thread reader([] { assert(read_sum() == 0); });
    assert(read_sum() == 0);
    writer.join();
    reader.join();
    assert(x == 2 && y == -2);
}
