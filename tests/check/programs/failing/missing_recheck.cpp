// SPDX-License-Identifier: BSL-1.0
// expects: assertion
// `if` where `while` is needed: between the signal and the return of wait(), another consumer takes the item.
#undef NDEBUG
#include <cassert>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
std::condition_variable added;
std::deque<int> items;

void add(int item) {
    const std::lock_guard hold(lock);
    items.push_back(item);
    added.notify_one();
}

void take() {
    std::unique_lock hold(lock);
    if (items.empty()) added.wait(hold);
    assert(!items.empty());
    items.pop_front();
}
}  // namespace

int main() {
    std::thread a(take);
    std::thread b(take);
    add(1);
    add(2);
    a.join();
    b.join();
}
