// SPDX-License-Identifier: BSL-1.0
#pragma once

// The cases of semantics.txt once more, done by fibers that share a thread, or two: who waits suspends, and
// who owns a lock is a task. Next to them the same by threads, from the same text, and below in each file by
// coroutines of one loop, whose text is another.
#include <gtest/gtest.h>
#include <functional>
#include <heddle/rt/parking_lot.hpp>
#include <string>
#include <thread>
#include <vector>
#include "coroutines.hpp"

namespace sync_tests {

using namespace std::chrono_literals;

using bodies = std::vector<std::function<void()>>;

inline void on_threads(bodies work) {
    std::vector<std::thread> group;
    for (auto& f : work) group.emplace_back(std::move(f));
    for (auto& t : group) t.join();
}
inline void on_fibers_of_two_threads(bodies work) {
    bodies halves[2];
    for (std::size_t i = 0; i < work.size(); ++i) halves[i % 2].push_back(std::move(work[i]));
    std::thread other([&] { run_fibers(std::move(halves[1])); });
    run_fibers(std::move(halves[0]));
    other.join();
}

struct way {
    const char* name;
    void (*run)(bodies);
};
struct everywhere : ::testing::TestWithParam<way> {
    static void run(bodies work) { GetParam().run(std::move(work)); }
    /// The same by `n` tasks, and `last` once all of them wait at `address`.
    static void run(std::size_t n, const void* address, const std::function<void()>& each,
                    const std::function<void()>& last) {
        bodies work(n, each);
        work.push_back([&] {
            all_wait(address, n);
            last();
        });
        run(std::move(work));
    }
    /// Suspends the caller, and does not hold up the others of its thread.
    static void all_wait(const void* address, std::size_t n) {
        until([=] { return heddle::rt::parking_lot::count(address) == n; });
    }
    template <class Condition> static void until(Condition done) {
        while (!done()) heddle::rt::sleep_for(20us);
    }
};

inline const auto ways = ::testing::Values(way{"threads", on_threads}, way{"fibers", run_fibers},
                                           way{"fibers_of_two_threads", on_fibers_of_two_threads});
inline std::string name_of(const ::testing::TestParamInfo<way>& one) {
    return one.param.name;
}

}  // namespace sync_tests
