// SPDX-License-Identifier: BSL-1.0
// A std::counting_semaphore lets two threads of three into a pool at a time, and a binary one guards its
// list.
#undef NDEBUG
// Of POSIX semaphores: libstdc++ 12 has semaphores of its own that sleep for ever when another thread takes a
// permit and gives it back between their last look at the count and their wait (PR libstdc++/104928). The
// checker finds that.
#define _GLIBCXX_USE_POSIX_SEMAPHORE 1
#include <cassert>
#include <semaphore>
#include <thread>
#include <vector>

namespace {
std::counting_semaphore<2> places(2);
std::binary_semaphore list(1);
std::vector<int> unused{1, 2};
int uses = 0;

int take() {
    places.acquire();
    list.acquire();
    assert(!unused.empty());
    const int connection = unused.back();
    unused.pop_back();
    ++uses;
    list.release();
    return connection;
}

void give_back(int connection) {
    list.acquire();
    unused.push_back(connection);
    list.release();
    places.release();
}
}  // namespace

int main() {
    std::vector<std::thread> clients;
    for (int i = 0; i < 3; ++i) clients.emplace_back([] { give_back(take()); });
    for (std::thread& c : clients) c.join();
    assert(uses == 3 && unused.size() == 2);
    assert(places.try_acquire());
}
