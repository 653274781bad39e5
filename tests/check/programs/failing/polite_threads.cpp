// SPDX-License-Identifier: BSL-1.0
// expects: exit status
// Each of two threads gives way when the other has what it needs. Both give way three times in a row and give up.
#include <mutex>
#include <thread>

namespace {
std::mutex spoon;
std::mutex plate;
bool ate[2];

void dine(std::mutex& mine, std::mutex& other, bool& eaten) {
    for (int tries = 0; tries < 3 && !eaten; ++tries) {
        const std::lock_guard hold(mine);
        if (other.try_lock()) {
            eaten = true;
            other.unlock();
        }
    }
}
}  // namespace

int main() {
    std::thread a([] { dine(spoon, plate, ate[0]); });
    std::thread b([] { dine(plate, spoon, ate[1]); });
    a.join();
    b.join();
    return ate[0] && ate[1] ? 0 : 1;
}
