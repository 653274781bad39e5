// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// Two may be waiting for the gate, and one signal is sent.
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
std::condition_variable opened;
bool open = false;

void pass() {
    std::unique_lock hold(lock);
    opened.wait(hold, [] { return open; });
}
}  // namespace

int main() {
    std::thread a(pass);
    std::thread b(pass);
    {
        const std::lock_guard hold(lock);
        open = true;
    }
    opened.notify_one();
    a.join();
    b.join();
}
