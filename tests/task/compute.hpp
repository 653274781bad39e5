// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/rt/clock.hpp>
#include <thread>

namespace task_tests {

/// Keeps the CPU busy, without a wait that heddle knows of, until `done()` but no longer than `d`.
template <class Duration, class Done> void compute(Duration d, Done done) {
    for (const auto until = heddle::rt::deadline::after(d); !done() && !until.expired();)
        std::this_thread::yield();
}
template <class Duration> void compute(Duration d) {
    compute(d, [] { return false; });
}

}  // namespace task_tests
