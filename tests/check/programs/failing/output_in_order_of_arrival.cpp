// SPDX-License-Identifier: BSL-1.0
// expects: different output
// options: --expect-same-output
// Each thread adds its result when it has it: what is printed depends on who was first.
#include <cstdio>
#include <mutex>
#include <string>
#include <thread>

namespace {
std::mutex lock;
std::string results;

void work(const char* result) {
    const std::lock_guard hold(lock);
    results += result;
}
}  // namespace

int main() {
    std::thread a(work, "first\n");
    std::thread b(work, "second\n");
    a.join();
    b.join();
    std::puts("results:");
    std::fputs(results.c_str(), stdout);
}
