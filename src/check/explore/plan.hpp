// SPDX-License-Identifier: BSL-1.0
#pragma once

// Which strategy runs the n-th schedule. The same options give the same plan, whoever runs it.

#include <check/explore/search.hpp>

namespace heddle::inline v0::check {

/// The first schedules of an instrumented program make every access a point, to find out which ones matter.
inline constexpr std::uint64_t warm_up = 5;
/// And after that, every so many.
inline constexpr std::uint64_t all_points_every = 50;

/// The orders of schedule `n`, from 1. `instrumented` is known once the program has been started.
orders plan(const search_options& o, std::uint64_t n, bool instrumented, std::uint64_t expected_steps);

/// How many numbers of CPUs there are.
constexpr unsigned sizes(cpu_range cpus) noexcept {
    return cpus.most - cpus.least + 1;
}

/// "pct 3, seed 17", and of several numbers of CPUs which: ", 3 CPUs".
std::string describe(const orders& o, cpu_range cpus = {});

}  // namespace heddle::inline v0::check
