// SPDX-License-Identifier: BSL-1.0
// A cache is looked into under a shared lock; who does not find a value looks again under an exclusive one.
#undef NDEBUG
#include <cassert>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <thread>
#include <vector>

namespace {
std::shared_mutex lock;
std::map<int, int> squares;
int computed = 0;

int square(int n) {
    {
        const std::shared_lock hold(lock);
        if (const auto found = squares.find(n); found != squares.end()) return found->second;
    }
    const std::unique_lock hold(lock);
    const auto [at, inserted] = squares.try_emplace(n, n * n);
    if (inserted) ++computed;
    return at->second;
}
}  // namespace

int main() {
    std::vector<std::thread> readers;
    for (int i = 0; i < 3; ++i)
        readers.emplace_back([] {
            assert(square(3) == 9);
            assert(square(4) == 16);
        });
    for (std::thread& r : readers) r.join();
    assert(computed == 2);
}
