// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// Readers hold the lock together; one of them writes.
#include <shared_mutex>
#include <thread>

namespace {
std::shared_mutex lock;
int value = 1;
int hits = 0;

int read_value() {
    const std::shared_lock hold(lock);
    ++hits;
    return value;
}
}  // namespace

int main() {
    std::thread a(read_value);
    std::thread b(read_value);
    a.join();
    b.join();
}
