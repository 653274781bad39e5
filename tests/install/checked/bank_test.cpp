// SPDX-License-Identifier: BSL-1.0
#include <heddle/check/explore.hpp>
#include <heddle/sync/mutex.hpp>
#include <iostream>
#include <mutex>
#include <thread>

namespace {

template <bool LookUnderLock> void two_withdrawals() {
    heddle::mutex lock;
    int balance = 100;
    const auto withdraw = [&] {
        std::unique_lock hold(lock);
        if (balance < 70) return;
        if (!LookUnderLock) {
            hold.unlock();
            hold.lock();
        }
        balance -= 70;
    };
    std::thread other(withdraw);
    withdraw();
    other.join();
    heddle::check::require(balance >= 0);
}

}  // namespace

int main() {
    const heddle::check::report right = heddle::check::explore(two_withdrawals<true>, {.schedules = 500});
    const heddle::check::report wrong = heddle::check::explore(two_withdrawals<false>, {.schedules = 500});
    std::cout << right << wrong;
    return right.ok() && !wrong.ok() ? 0 : 1;
}
