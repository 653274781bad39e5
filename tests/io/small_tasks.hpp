// SPDX-License-Identifier: BSL-1.0
#pragma once

// Coroutines that tests of the loop need again and again.

#include <heddle/io/sleep.hpp>
#include <heddle/task/task.hpp>

namespace io_tests {

inline heddle::task<int> number(int n) {
    co_return n;
}

inline heddle::task<> forever() {
    co_await heddle::sleep_until(heddle::rt::deadline::never());
}

}  // namespace io_tests
