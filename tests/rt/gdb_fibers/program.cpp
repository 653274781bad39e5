// SPDX-License-Identifier: BSL-1.0
// A program whose tasks wait, for a debugger to look at; it stops itself when they do.
#include <csignal>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/task/thread_pool.hpp>
#include <string>

namespace {

heddle::event never;

}  // namespace

[[gnu::noinline]] void waits_deep_inside() {
    never.wait();
    asm volatile("");
}

[[gnu::noinline]] void what_the_task_calls() {
    waits_deep_inside();
    asm volatile("");
}

int main() {
    heddle::thread_pool pool(2);
    for (int i = 0; i < 2; ++i)
        pool.submit_with({.name = "waiter " + std::to_string(i)}, [] { what_the_task_calls(); });
    while (heddle::rt::parking_lot::count(&never) != 2) heddle::rt::sleep_for(std::chrono::milliseconds(1));
    std::raise(SIGTRAP);
    never.set();
}
