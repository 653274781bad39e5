// SPDX-License-Identifier: BSL-1.0
// Plain data is published with a release store; who has seen it with an acquire load may read the data.
#undef NDEBUG
#include <atomic>
#include <cassert>
#include <string>
#include <thread>

namespace {
std::string text;
int length = 0;
std::atomic<bool> published = false;
}  // namespace

int main() {
    std::thread writer([] {
        text = "a text that is too long for the string itself";
        length = static_cast<int>(text.size());
        published.store(true, std::memory_order_release);
    });
    std::thread glancing([] {
        if (published.load(std::memory_order_acquire)) assert(length == static_cast<int>(text.size()));
    });
    // A fence does the same for relaxed loads.
    if (published.load(std::memory_order_relaxed)) {
        std::atomic_thread_fence(std::memory_order_acquire);
        assert(text[0] == 'a');
    }
    writer.join();
    glancing.join();
    assert(length == 45);
}
