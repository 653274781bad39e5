// SPDX-License-Identifier: BSL-1.0
// expects: misuse
// An observer that is called with the lock held takes the lock again, but only if the list was closed before.
#include <functional>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
bool closed = false;
int size = 0;

void add(const std::function<void()>& on_closed) {
    const std::lock_guard hold(lock);
    if (closed)
        on_closed();
    else
        ++size;
}

void close_account() {
    const std::lock_guard hold(lock);
    closed = true;
}

int get_size() {
    const std::lock_guard hold(lock);
    return size;
}
}  // namespace

int main() {
    std::thread adder([] {
        for (int i = 0; i < 2; ++i) add([] { (void)get_size(); });
    });
    std::thread closer(close_account);
    adder.join();
    closer.join();
}
