// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/latch.hpp>
#include <heddle/sync/local.hpp>
#include <heddle/sync/thread.hpp>
#include <memory>

#include "scenario.hpp"

namespace {

using namespace heddle;
using std::chrono::milliseconds;

SCENARIO(thread_joined_with_a_limit) {
    int value = 0;
    thread t([&] { value = 1; });
    if (t.join_for(milliseconds(1))) check::require(value == 1);
    t.join();
    check::require(value == 1);
}

SCENARIO(threads_that_start_and_end_while_they_are_counted) {
    thread a([] {});
    thread b([] { check::require(thread_count() >= 2); });
    a.join();
    b.join();
}

SCENARIO(local_that_goes_while_its_tasks_end) {
    auto number = std::make_unique<local<int>>();
    latch used(2);
    const auto use = [&] {
        **number = 1;
        used.count_down();
    };
    thread a(use);
    thread b(use);
    used.wait();
    number.reset();
    a.join();
    b.join();
}

}  // namespace
