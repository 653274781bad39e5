// SPDX-License-Identifier: BSL-1.0
// Money goes both ways between two accounts, whose mutexes a scoped_lock takes in any order without a
// deadlock.
#undef NDEBUG
#include <cassert>
#include <mutex>
#include <thread>

namespace {
struct account {
    std::mutex lock;
    int balance = 100;
};

account a, b;

void transfer(account& from, account& to, int amount) {
    const std::scoped_lock hold(from.lock, to.lock);
    from.balance -= amount;
    to.balance += amount;
}
}  // namespace

int main() {
    std::thread first([] { transfer(a, b, 10); });
    std::thread second([] { transfer(b, a, 20); });
    {
        const std::scoped_lock hold(b.lock, a.lock);
        assert(a.balance + b.balance == 200);
    }
    first.join();
    second.join();
    assert(a.balance == 110 && b.balance == 90);
}
