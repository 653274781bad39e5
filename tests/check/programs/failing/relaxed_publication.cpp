// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// The flag that says that the data are there is atomic, but relaxed: it orders nothing.
#include <atomic>
#include <thread>

namespace {
int data = 0;
std::atomic<bool> published = false;
}  // namespace

int main() {
    std::thread publisher([] {
        data = 42;
        published.store(true, std::memory_order_relaxed);
    });
    int seen = 0;
    if (published.load(std::memory_order_relaxed)) seen = data;
    publisher.join();
    return seen == 0 || seen == 42 ? 0 : 1;
}
