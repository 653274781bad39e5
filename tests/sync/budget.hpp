// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/rt/clock.hpp>

namespace sync_tests {

inline constexpr int rounds = 500'000;

/// Bounds a stress test in time as well as in rounds: sanitizers are slow, and the point is the races.
class budget {
 public:
    bool left() const { return heddle::rt::clock::now() < end_; }

 private:
    heddle::rt::clock::time_point end_ = heddle::rt::clock::now() + std::chrono::seconds(1);
};

}  // namespace sync_tests
