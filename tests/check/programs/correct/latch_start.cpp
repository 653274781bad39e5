// SPDX-License-Identifier: BSL-1.0
// One std::latch starts all threads at once, another says that their results are there.
#undef NDEBUG
#include <array>
#include <cassert>
#include <latch>
#include <thread>
#include <vector>

namespace {
int input = 0;
std::array<int, 2> results{};
}  // namespace

int main() {
    std::latch start(1);
    std::latch done(2);
    std::vector<std::thread> threads;
    for (std::size_t i = 0; i < results.size(); ++i)
        threads.emplace_back([&, i] {
            start.wait();
            results[i] = input + static_cast<int>(i);
            done.count_down();
        });
    input = 10;
    start.count_down();
    done.wait();
    assert(results[0] == 10 && results[1] == 11);
    assert(done.try_wait());
    for (std::thread& t : threads) t.join();
}
