// SPDX-License-Identifier: BSL-1.0
// expects: starvation
// options: --policy priority --max-steps 5000
// An important thread waits in a loop, and yields, for one that is less important and so never gets to go on.
#include <pthread.h>
#include <sched.h>
#include <atomic>
#include <thread>

namespace {
std::atomic<bool> done = false;
}

int main() {
    std::thread low([] { done = true; });
    const sched_param important{.sched_priority = 10};
    pthread_setschedparam(pthread_self(), SCHED_FIFO, &important);
    while (!done) std::this_thread::yield();
    low.join();
}
