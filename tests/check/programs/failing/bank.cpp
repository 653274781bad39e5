// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// Two transfers in opposite directions lock the same two accounts in opposite orders.
#include <mutex>
#include <thread>

struct account {
    std::mutex lock;
    int balance = 100;
};
account accounts[2];

void transfer(account& from, account& to, int amount) {
    const std::lock_guard hold_from(from.lock);
    const std::lock_guard hold_to(to.lock);
    from.balance -= amount;
    to.balance += amount;
}

void pay_rent() {
    transfer(accounts[0], accounts[1], 70);
}

void pay_wages() {
    transfer(accounts[1], accounts[0], 30);
}

int main() {
    std::thread tenant(pay_rent);
    std::thread employer(pay_wages);
    tenant.join();
    employer.join();
}
