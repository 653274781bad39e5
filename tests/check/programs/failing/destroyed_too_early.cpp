// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// The owner deletes what a thread still works with: it waits for the thread's word that it has begun, not for its end.
#include <memory>
#include <semaphore>
#include <thread>

namespace {
struct job {
    int progress = 0;
    ~job() { progress = -1; }
};

std::binary_semaphore begun(0);
}  // namespace

int main() {
    auto j = std::make_unique<job>();
    std::thread worker([p = j.get()] {
        begun.release();
        p->progress = 1;
    });
    begun.acquire();
    j.reset();
    worker.join();
}
