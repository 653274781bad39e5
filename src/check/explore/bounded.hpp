// SPDX-License-Identifier: BSL-1.0
#pragma once

// All schedules with at most a number of preemptions, one after the other (iterative context bounding:
// Musuvathi and Qadeer, PLDI 2007). Between its preemptions a thread goes on as long as it can.

#include <check/explore/recording.hpp>
#include <vector>

namespace heddle::inline v0::check {

class bounded_enumeration {
 public:
    explicit bounded_enumeration(unsigned bound) : bound_(bound) {}

    /// The decisions that the next schedule begins with; after them, no preemption.
    const std::vector<std::uint16_t>& prefix() const noexcept { return prefix_; }

    /// Takes the schedule that the prefix has led to. @return false if it was the last one.
    bool advance(const recording& r);

    /// Whether the bound has kept any schedule out; if not, these were all that there are.
    bool limited() const noexcept { return limited_; }

 private:
    struct decision {
        std::uint64_t candidates;  // by slot; of a number: how many there were
        std::uint16_t chosen;
        std::uint16_t current;  // slot of the thread that could go on, or none
        bool number;
        unsigned preemptions;  // before this decision
    };
    static constexpr std::uint16_t none = 0xFFFF;

    unsigned bound_;
    bool limited_ = false;
    std::vector<std::uint16_t> prefix_;
    std::vector<std::uint16_t> defaults_;  // of the decisions on the current path: what was chosen first
};

}  // namespace heddle::inline v0::check
