// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// A vector has room for all that is pushed, but its size is not there to be written by two.
#include <thread>
#include <vector>

namespace {
std::vector<int> items;
}  // namespace

int main() {
    items.reserve(8);
    std::thread other([] { items.push_back(1); });
    items.push_back(2);
    other.join();
}
