// SPDX-License-Identifier: BSL-1.0
#include <heddle/heddle.hpp>

#include <cstdio>
#include <string>

// A program of somebody who has installed heddle.
int main() {
    heddle::thread_pool pool(2);
    auto sum = pool.submit([](int a, int b) { return a + b; }, 40, 2);
    if (sum.get() != 42) {
        std::puts("40 + 2 was computed wrongly");
        return 1;
    }
    std::printf("heddle %s on %u CPUs\n", heddle::version(), heddle::rt::cpu_count());
}
