// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// Double-checked locking with an ordinary pointer: the first test is not ordered with the construction.
#include <mutex>
#include <thread>

namespace {
struct settings {
    int limit = 42;
};

std::mutex lock;
settings* instance = nullptr;

const settings& get() {
    if (instance == nullptr) {
        const std::lock_guard hold(lock);
        if (instance == nullptr) instance = new settings;
    }
    return *instance;
}

void use() {
    if (get().limit != 42) std::terminate();
}
}  // namespace

int main() {
    std::thread a(use);
    std::thread b(use);
    a.join();
    b.join();
    delete instance;
}
