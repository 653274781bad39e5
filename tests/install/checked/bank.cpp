// SPDX-License-Identifier: BSL-1.0
// Two transfers that look at the balance before they take the lock.
#undef NDEBUG
#include <cassert>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
int balance = 100;

int balance_now() {
    const std::lock_guard hold(lock);
    return balance;
}

void withdraw(int amount) {
    if (balance_now() < amount) return;
    const std::lock_guard hold(lock);
    balance -= amount;
}
}  // namespace

int main() {
    std::thread a(withdraw, 70);
    std::thread b(withdraw, 70);
    a.join();
    b.join();
    assert(balance >= 0);
}
