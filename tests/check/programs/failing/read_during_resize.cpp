// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// One thread keeps a reference into a vector while another makes the vector grow.
#include <mutex>
#include <thread>
#include <vector>

namespace {
std::mutex lock;
std::vector<int> items = {1, 2, 3};

int sum_of_first() {
    const int* first = nullptr;
    {
        const std::lock_guard hold(lock);
        first = &items.front();
    }
    return *first + 1;
}

void change() {
    const std::lock_guard hold(lock);
    items.front() = 5;
    items.push_back(4);
}
}  // namespace

int main() {
    std::thread reader(sum_of_first);
    std::thread writer(change);
    reader.join();
    writer.join();
}
