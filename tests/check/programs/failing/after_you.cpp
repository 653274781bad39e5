// SPDX-License-Identifier: BSL-1.0
// expects: livelock
// options: --max-steps 5000
// Each thread says that it wants to go, and waits as long as the other does.
#include <atomic>
#include <thread>

namespace {
std::atomic<bool> wants[2];
int through = 0;

void go(int me) {
    wants[me] = true;
    std::this_thread::yield();
    while (wants[1 - me]) std::this_thread::yield();
    ++through;
    wants[me] = false;
}
}  // namespace

int main() {
    std::thread a(go, 0);
    std::thread b(go, 1);
    a.join();
    b.join();
    return through == 2 ? 0 : 1;
}
