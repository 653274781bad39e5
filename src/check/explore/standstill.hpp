// SPDX-License-Identifier: BSL-1.0
#pragma once

// Why a schedule did not end: of a recording that made too many steps, who goes round the same steps, and who
// could go on and does not get to.

#include <check/explore/finding.hpp>
#include <cstdint>
#include <vector>

namespace heddle::inline v0::check {

/// A thread that does the same again and again and finds the same.
struct circling_thread {
    std::uint32_t thread = 0;
    std::vector<std::size_t> round{};  ///< its steps, each once: indices of events, in their order
    bool only_looks = true;            ///< it changes nothing
};

struct standstill {
    failure_kind kind = failure_kind::no_progress;  ///< or a more telling one
    std::vector<circling_thread> circling{};
    std::vector<std::uint32_t> starved{};  ///< threads that could go on all the time
};

/// Looks at the second half of what `r` has recorded.
standstill look_at_standstill(const recording& r);

/// In one line: "T1 and T2 go round the same steps and get nowhere".
std::string describe(const standstill& s);

/// The kind of a failure whose kind by classify() is `k`, told more exactly.
failure_kind exact_kind(const recording& r, failure_kind k);

/// Whether it is one of those that exact_kind() makes of failure_kind::no_progress, or that one.
bool is_standstill(failure_kind k) noexcept;

}  // namespace heddle::inline v0::check
