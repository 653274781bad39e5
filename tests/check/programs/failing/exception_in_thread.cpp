// SPDX-License-Identifier: BSL-1.0
// expects: uncaught exception
// The second to come finds the table full and throws, in a thread where nobody catches.
#include <mutex>
#include <stdexcept>
#include <thread>

namespace {
std::mutex lock;
int seats = 1;

void sit() {
    const std::lock_guard hold(lock);
    if (seats == 0) throw std::runtime_error("no seat");
    --seats;
}

void stand_up() {
    const std::lock_guard hold(lock);
    ++seats;
}
}  // namespace

int main() {
    std::thread a(sit);
    std::thread b(stand_up);
    std::thread c(sit);
    a.join();
    b.join();
    c.join();
}
