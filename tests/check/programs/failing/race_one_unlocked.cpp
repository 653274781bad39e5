// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// All writers of a field take the lock, and one reader does not.
#include <cstdio>
#include <mutex>
#include <thread>

namespace {
struct {
    std::mutex lock;
    int requests = 0;
    int errors = 0;
} counters;

void serve() {
    const std::lock_guard hold(counters.lock);
    ++counters.requests;
    ++counters.errors;
}

void print() {
    int requests = 0;
    {
        const std::lock_guard hold(counters.lock);
        requests = counters.requests;
    }
    std::printf("%d requests, %d errors\n", requests, counters.errors);
}
}  // namespace

int main() {
    std::thread a(serve);
    std::thread b(print);
    a.join();
    b.join();
}
