// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/sync/event.hpp>

namespace task_tests {

/// Makes the second part run on the other worker: the first one waits until it has begun, and what a task that
/// waits has forked is handed out.
struct elsewhere {
    heddle::event begun;
    void first() { begun.wait(); }
    void second() { begun.set(); }
};

}  // namespace task_tests
