// SPDX-License-Identifier: BSL-1.0
// Real tasks under a scheduling policy: the short ones first, and what happened.
#include <chrono>
#include <cstdio>
#include <heddle/policy/any_policy.hpp>
#include <heddle/task/policy_pool.hpp>
#include <heddle/task/this_task.hpp>

using namespace std::chrono_literals;

int main() {
    heddle::policy_pool pool(heddle::policy::make_policy("sjf"), {.workers = 1, .record = true});
    pool.together([&] {
        for (const auto burst : {3ms, 1ms, 2ms}) {
            heddle::task_options how;
            how.burst = burst;
            pool.submit_with(how, [burst] {
                const auto end = heddle::rt::clock::now() + burst;
                while (heddle::rt::clock::now() < end) heddle::this_task::check();
            });
        }
    });
    pool.shutdown();
    for (const heddle::schedule_event& e : pool.trace())
        if (e.what == heddle::schedule_event::kind::start) std::printf("task %d\n", static_cast<int>(e.task));
}
