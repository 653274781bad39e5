// SPDX-License-Identifier: BSL-1.0
// The last owner of an object, whichever thread that is, destroys it after all that the others did to it.
#undef NDEBUG
#include <array>
#include <atomic>
#include <cassert>
#include <memory>
#include <thread>

namespace {
std::atomic<int> destroyed = 0;

struct document {
    std::array<int, 3> parts{};
    ~document() {
        assert(parts[0] == 1 && parts[1] == 2 && parts[2] == 3);
        ++destroyed;
    }
};
}  // namespace

int main() {
    auto shared = std::make_shared<document>();
    const std::weak_ptr<document> watched = shared;
    std::thread a([mine = shared] { mine->parts[0] = 1; });
    std::thread b([mine = shared] {
        const std::shared_ptr<document> another = mine;
        another->parts[1] = 2;
    });
    shared->parts[2] = 3;
    shared.reset();
    if (const std::shared_ptr<document> still = watched.lock()) assert(still->parts[2] == 3);
    a.join();
    b.join();
    assert(destroyed == 1 && watched.expired());
}
