// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <heddle/rt/config.hpp>
#include <optional>
#include <ostream>
#include <string>
#include <vector>

namespace heddle::inline v0::check {

struct failure {
    std::string kind;     ///< "deadlock", "data race" … as `heddle check` names them
    std::string message;  ///< in one line
    unsigned preemptions = 0;
    std::uint64_t schedule = 0;  ///< which one found it, from 1
    std::string text{};          ///< for people: the steps side by side, stacks, the cycle
    std::string json{};
};

/// What an exploration found. A value.
struct [[nodiscard]] report {
    /// Whether nothing failed.
    bool ok() const noexcept { return !found; }
    explicit operator bool() const noexcept { return ok(); }
    /// Whether every schedule was run, or every one within `bound` preemptions: then ok() is a proof that
    /// far.
    bool exhaustive() const noexcept { return complete || bound.has_value(); }
    /// For people: the failure, or how much was tried.
    HEDDLE_API std::string text() const;

    std::optional<failure> found{};
    std::uint64_t schedules = 0;
    std::uint64_t steps = 0;
    std::chrono::nanoseconds elapsed{};
    bool complete = false;            ///< there are no other schedules
    std::optional<unsigned> bound{};  ///< all with so many preemptions were run
    /// What was not covered, in sentences.
    std::vector<std::string> not_covered{};
};

HEDDLE_API std::ostream& operator<<(std::ostream& out, const report& r);

}  // namespace heddle::inline v0::check
