// SPDX-License-Identifier: BSL-1.0
// Tasks that belong together, some of which fail.
#include <atomic>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/graph.hpp>
#include <heddle/task/task_group.hpp>
#include <heddle/task/thread_pool.hpp>
#include <stdexcept>

#include "scenario.hpp"

namespace {

using namespace heddle;
using checked::cancelled_in;

SCENARIO(group_that_is_joined) {
    thread_pool pool(2);
    std::atomic<int> ran{0};
    task_group group(pool);
    group.spawn([&] { ++ran; });
    group.spawn([&] { ++ran; });
    group.join();
    check::require(ran == 2);
}

SCENARIO(group_with_a_child_that_fails) {
    thread_pool pool(2);
    semaphore never(0);
    bool thrown = false;
    try {
        task_group group(pool);
        group.spawn([&] { never.acquire(); });
        group.spawn([] { throw std::domain_error("child"); });
        group.join();
    } catch (const std::domain_error&) {
        thrown = true;
    }
    check::require(thrown);
}

SCENARIO(graph_with_a_task_that_fails) {
    thread_pool pool(2);
    semaphore never(0);
    bool thrown = false;
    graph g;
    g.add([] { throw std::domain_error("task"); });
    g.add([&] { (void)cancelled_in([&] { never.acquire(); }); });
    try {
        g.run(pool);
    } catch (const std::domain_error&) {
        thrown = true;
    }
    check::require(thrown);
}

SCENARIO(graph_in_which_one_comes_after_two) {
    thread_pool pool(2);
    int a = 0;
    int b = 0;
    int sum = 0;
    graph g;
    auto& left = g.add([&] { a = 1; });
    auto& right = g.add([&] { b = 1; });
    g.add([&] { sum += a + b; }).after(left, right);
    g.run(pool);
    check::require(sum == 2);
}

}  // namespace
