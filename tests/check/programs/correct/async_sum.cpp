// SPDX-License-Identifier: BSL-1.0
// std::async sums the halves of an array, one in a thread of its own, one deferred, and one whose future
// nobody asks.
#undef NDEBUG
#include <cassert>
#include <future>
#include <numeric>
#include <vector>

int main() {
    std::vector<int> values(10);
    std::iota(values.begin(), values.end(), 1);
    const auto middle = values.begin() + 5;
    int side_effect = 0;
    {
        std::future<int> low = std::async(
            std::launch::async, [&] { return std::accumulate(values.cbegin(), values.cbegin() + 5, 0); });
        std::future<int> high =
            std::async(std::launch::deferred, [&] { return std::accumulate(middle, values.end(), 0); });
        // Its future waits for it where it goes out of scope.
        const std::future<void> unasked = std::async(std::launch::async, [&] { side_effect = 1; });
        assert(low.get() + high.get() == 55);
    }
    assert(side_effect == 1);
}
