// SPDX-License-Identifier: BSL-1.0
// expects: assertion
// needs: memory
// A lock-free stack that uses its nodes again. While one thread is between reading `next` and exchanging the head, the
// other takes two nodes and gives the first one back: the exchange succeeds and brings the second one back too.
#undef NDEBUG
#include <atomic>
#include <cassert>
#include <thread>

namespace {
struct node {
    std::atomic<node*> next = nullptr;
    std::atomic<bool> taken = false;
};

node nodes[2];
std::atomic<node*> head = nullptr;

void push(node* n) {
    n->taken = false;
    node* top = head;
    do n->next = top;
    while (!head.compare_exchange_weak(top, n));
}

node* pop() {
    node* top = head;
    while (top != nullptr && !head.compare_exchange_weak(top, top->next)) {
    }
    if (top != nullptr) assert(!top->taken.exchange(true));
    return top;
}
}  // namespace

int main() {
    push(&nodes[0]);
    push(&nodes[1]);
    std::thread other([] {
        node* const first = pop();
        pop();
        if (first != nullptr) push(first);
    });
    pop();
    pop();
    other.join();
}
