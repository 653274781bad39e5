// SPDX-License-Identifier: BSL-1.0
// Detached threads say by a latch, which they own together with main, that they have done their work.
#undef NDEBUG
#include <cassert>
#include <latch>
#include <memory>
#include <thread>

namespace {
int results[2];
}  // namespace

int main() {
    const auto done = std::make_shared<std::latch>(2);
    for (int i = 0; i < 2; ++i)
        std::thread([done, i] {
            results[i] = i + 1;
            done->count_down();
        }).detach();
    done->wait();
    assert(results[0] == 1 && results[1] == 2);
}
