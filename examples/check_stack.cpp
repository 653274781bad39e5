// SPDX-License-Identifier: BSL-1.0
// A lock-free stack of one's own, and a test that runs it in many orders of its threads. Built twice: with a
// count that tells a node from the same node put back meanwhile, and without, where the checker finds what
// that count is for.
#include <atomic>
#include <cstdint>
#include <cstdio>
#include <heddle/check/explore.hpp>
#include <thread>

// Indices into an array in place of pointers: nothing is ever freed.
template <std::uint32_t CountPerPop> struct stack {
    static constexpr std::uint32_t none = 0xFFFF;
    std::atomic<std::uint32_t> next[2] = {none, none};
    std::atomic<std::uint32_t> top{none};  // the count in the upper half, the index in the lower

    void push(std::uint32_t node) {
        std::uint32_t old = top.load();
        do next[node].store(old & 0xFFFF);
        while (!top.compare_exchange_weak(old, (old & 0xFFFF0000) | node));
    }
    std::uint32_t pop() {
        std::uint32_t old = top.load();
        for (;;) {
            const std::uint32_t node = old & 0xFFFF;
            if (node == none) return none;
            const std::uint32_t below = next[node].load();
            const std::uint32_t count = (old & 0xFFFF0000) + CountPerPop;
            if (top.compare_exchange_weak(old, count | below)) return node;
        }
    }
};

template <std::uint32_t CountPerPop> void two_threads() {
    stack<CountPerPop> s;
    s.push(0);
    s.push(1);
    std::atomic<int> taken[2] = {0, 0};
    std::thread other([&] {
        const std::uint32_t a = s.pop();
        if (a != s.none) ++taken[a];
    });
    const std::uint32_t a = s.pop();
    const std::uint32_t b = s.pop();
    if (b != s.none) ++taken[b];
    if (a != s.none) s.push(a);
    other.join();
    for (std::uint32_t n = s.pop(); n != s.none; n = s.pop()) ++taken[n];
    heddle::check::require(taken[0] == 1 && taken[1] == 1, "each node is taken once");
}

int main() {
    const heddle::check::report with = heddle::check::explore(two_threads<0x10000>, {.schedules = 2000});
    const heddle::check::report without = heddle::check::explore(two_threads<0>, {.schedules = 2000});
    std::printf("with the count: %s\nwithout: %s", with.text().c_str(), without.text().c_str());
    return with.ok() && !without.ok() ? 0 : 1;
}
