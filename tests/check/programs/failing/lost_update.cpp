// SPDX-License-Identifier: BSL-1.0
// expects: assertion
// Each access is locked, but the lock is given up between reading and writing.
#undef NDEBUG
#include <cassert>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
int value = 0;

int get() {
    const std::lock_guard hold(lock);
    return value;
}

void set(int v) {
    const std::lock_guard hold(lock);
    value = v;
}

void increment() {
    set(get() + 1);
}
}  // namespace

int main() {
    std::thread a(increment);
    std::thread b(increment);
    a.join();
    b.join();
    assert(get() == 2);
}
