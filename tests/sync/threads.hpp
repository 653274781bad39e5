// SPDX-License-Identifier: BSL-1.0
#pragma once

// Threads of the tests.

#include <heddle/sync/thread.hpp>
#include <string>
#include <utility>

namespace sync_tests {

inline heddle::thread_options not_started(std::string name = {}) {
    heddle::thread_options options;
    options.name = std::move(name);
    options.start = false;
    return options;
}

inline heddle::thread_options named(std::string name) {
    heddle::thread_options options;
    options.name = std::move(name);
    return options;
}

}  // namespace sync_tests
