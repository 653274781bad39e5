// SPDX-License-Identifier: BSL-1.0
// Double-checked locking as it is meant: the pointer is atomic, stored with release and loaded with acquire.
#undef NDEBUG
#include <atomic>
#include <cassert>
#include <memory>
#include <mutex>
#include <thread>

namespace {
struct settings {
    int size = 7;
    int created = 1;
};

std::atomic<settings*> instance = nullptr;
std::unique_ptr<settings> owner;
std::mutex lock;

settings& get() {
    settings* s = instance.load(std::memory_order_acquire);
    if (s == nullptr) {
        const std::lock_guard hold(lock);
        s = instance.load(std::memory_order_relaxed);
        if (s == nullptr) {
            assert(owner == nullptr);
            owner = std::make_unique<settings>();
            s = owner.get();
            instance.store(s, std::memory_order_release);
        }
    }
    return *s;
}
}  // namespace

int main() {
    std::thread a([] { assert(get().size == 7); });
    std::thread b([] { assert(get().created == 1); });
    assert(get().size == 7);
    a.join();
    b.join();
}
