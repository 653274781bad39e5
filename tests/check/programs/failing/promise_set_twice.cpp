// SPDX-License-Identifier: BSL-1.0
// expects: uncaught exception
// Whoever finds the answer first gives it: both may find that they are first.
#include <future>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
bool answered = false;
std::promise<int> answer;

bool first() {
    const std::lock_guard hold(lock);
    return !answered;
}

void search(int found) {
    if (!first()) return;
    answer.set_value(found);
    const std::lock_guard hold(lock);
    answered = true;
}
}  // namespace

int main() {
    std::thread a(search, 1);
    std::thread b(search, 2);
    const int found = answer.get_future().get();
    a.join();
    b.join();
    return found == 0;
}
