// SPDX-License-Identifier: BSL-1.0
// A lock-free stack (Treiber) that gives no node back before the end, and so has no ABA.
#undef NDEBUG
#include <atomic>
#include <cassert>
#include <thread>

namespace {
struct node {
    int value = 0;
    node* next = nullptr;
    node* later = nullptr;  // of the taken ones
};

std::atomic<node*> top = nullptr;
std::atomic<node*> taken = nullptr;
std::atomic<int> sum = 0;

void push(int value) {
    auto* const n = new node{.value = value, .next = top.load(std::memory_order_relaxed), .later = nullptr};
    while (!top.compare_exchange_weak(n->next, n, std::memory_order_release, std::memory_order_relaxed)) {
    }
}

bool pop(int& value) {
    node* n = top.load(std::memory_order_acquire);
    while (n != nullptr && !top.compare_exchange_weak(n, n->next, std::memory_order_acquire)) {
    }
    if (n == nullptr) return false;
    value = n->value;
    n->later = taken.load(std::memory_order_relaxed);
    while (!taken.compare_exchange_weak(n->later, n, std::memory_order_release, std::memory_order_relaxed)) {
    }
    return true;
}

void work(int first) {
    push(first);
    push(first + 1);
    int value = 0;
    for (int i = 0; i < 2; ++i)
        if (pop(value)) sum += value;
}
}  // namespace

int main() {
    std::thread a(work, 1);
    std::thread b(work, 10);
    a.join();
    b.join();
    assert(sum == 24);
    assert(top == nullptr);
    for (node* n = taken; n != nullptr;) {
        node* const next = n->later;
        delete n;
        n = next;
    }
}
