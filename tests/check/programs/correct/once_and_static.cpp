// SPDX-License-Identifier: BSL-1.0
// What std::call_once and the initialisation of a function's static variable have made is there for every
// thread; a first attempt that throws is made again.
#undef NDEBUG
#include <cassert>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <vector>

namespace {
std::once_flag once;
int attempts = 0;
int value = 0;

struct table {
    std::vector<int> entries{1, 2, 3};
};

const table& shared_table() {
    static const table t;
    return t;
}

void use() {
    try {
        std::call_once(once, [] {
            if (++attempts == 1) throw std::runtime_error("not yet");
            value = 42;
        });
        assert(value == 42);
    } catch (const std::runtime_error&) {
        std::call_once(once, [] { value = 42; });
        assert(value == 42);
    }
    assert(shared_table().entries[2] == 3);
}
}  // namespace

int main() {
    std::thread a(use);
    std::thread b(use);
    use();
    a.join();
    b.join();
    assert(attempts == 1 || attempts == 2);
}
