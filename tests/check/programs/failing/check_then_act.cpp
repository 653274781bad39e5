// SPDX-License-Identifier: BSL-1.0
// expects: assertion
// The test and the act on it are each atomic; together they are not.
#undef NDEBUG
#include <cassert>
#include <mutex>
#include <thread>

namespace {
class account {
 public:
    bool has(int amount) {
        const std::lock_guard hold(lock_);
        return balance_ >= amount;
    }
    int withdraw(int amount) {
        const std::lock_guard hold(lock_);
        return balance_ -= amount;
    }

 private:
    std::mutex lock_;
    int balance_ = 100;
};

account shared;

void buy() {
    if (shared.has(70)) assert(shared.withdraw(70) >= 0);
}
}  // namespace

int main() {
    std::thread a(buy);
    std::thread b(buy);
    a.join();
    b.join();
}
