// SPDX-License-Identifier: BSL-1.0
// Each thread has a log of its own, whose destructor adds it to the common one before the thread can be
// joined.
#undef NDEBUG
#include <cassert>
#include <mutex>
#include <string>
#include <thread>

namespace {
std::mutex lock;
std::string all;
int threads = 0;

struct log {
    std::string text;
    ~log() {
        const std::lock_guard hold(lock);
        all += text;
        ++threads;
    }
};

thread_local log mine;
thread_local int lines = 0;

void work(const char* line) {
    for (int i = 0; i < 2; ++i) {
        mine.text += line;
        ++lines;
    }
    assert(lines == 2);
}
}  // namespace

int main() {
    std::thread a(work, "a");
    std::thread b(work, "b");
    a.join();
    b.join();
    assert(lines == 0);
    assert(threads == 2);
    assert(all == "aabb" || all == "bbaa");
}
