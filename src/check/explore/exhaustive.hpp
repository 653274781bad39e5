// SPDX-License-Identifier: BSL-1.0
#pragma once

// All schedules, depth first, without those that differ from another only in the order of independent steps
// (sleep sets: the runtime leaves those out, see runtime/sleep_set.hpp; here is the tree of decisions).

#include <check/explore/recording.hpp>
#include <vector>

namespace heddle::inline v0::check {

class exhaustive_enumeration {
 public:
    /// With `reduced` false all orders count as different: where it is not known what a step depends on.
    explicit exhaustive_enumeration(bool reduced) : reduced_(reduced) {}

    /// The decisions that the next schedule begins with; the runtime makes the others.
    std::vector<guide_branch> guide() const;

    enum class step { more, last, unlike };

    /// Takes the schedule that the guide has led to. `unlike`: it met other choices than the schedule before
    /// it did, and nothing can be said about all of them.
    step advance(const recording& r);

 private:
    struct decision {
        std::uint64_t left;      // threads by slot that nobody has tried here
        std::uint64_t explored;  // those that have been
        std::uint64_t met;       // what there was to choose from
        std::uint16_t chosen;
        bool number;
    };

    bool next();

    bool reduced_;
    std::vector<decision> path_;
};

}  // namespace heddle::inline v0::check
