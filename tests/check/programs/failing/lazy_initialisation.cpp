// SPDX-License-Identifier: BSL-1.0
// expects: assertion
// needs: memory
// Lazy initialisation with an atomic pointer, without a race and still wrong: two threads can make one each.
#undef NDEBUG
#include <atomic>
#include <cassert>
#include <thread>

namespace {
int objects[2];
std::atomic<int> made = 0;
std::atomic<int*> instance = nullptr;

int* get() {
    if (instance.load() == nullptr) instance.store(&objects[made++]);
    return instance.load();
}
}  // namespace

int main() {
    std::thread other([] { get(); });
    get();
    other.join();
    assert(made == 1);
}
