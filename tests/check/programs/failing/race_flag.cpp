// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// A thread is told by an ordinary bool to stop.
#include <thread>

namespace {
bool stop = false;
long rounds = 0;

void work() {
    while (!stop && rounds < 20) {
        ++rounds;
        std::this_thread::yield();
    }
}
}  // namespace

int main() {
    std::thread worker(work);
    std::this_thread::yield();
    stop = true;
    worker.join();
}
