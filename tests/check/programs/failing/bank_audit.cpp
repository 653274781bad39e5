// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// The transfers lock both accounts at once, but the sum is taken without a lock.
#include <mutex>
#include <thread>

struct account {
    std::mutex lock;
    int balance = 100;
};
account accounts[2];

void transfer(account& from, account& to, int amount) {
    const std::scoped_lock hold(from.lock, to.lock);
    from.balance -= amount;
    to.balance += amount;
}

void pay_rent() {
    transfer(accounts[0], accounts[1], 70);
}

int main() {
    std::thread tenant(pay_rent);
    const int sum = accounts[0].balance + accounts[1].balance;
    tenant.join();
    return sum == 200 ? 0 : 1;
}
