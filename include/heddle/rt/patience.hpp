// SPDX-License-Identifier: BSL-1.0
#pragma once

// For how long who waits looks whether it can go on before it sleeps.

#include <chrono>
#include <heddle/rt/config.hpp>
#include <heddle/rt/spinner.hpp>

namespace heddle::inline v0::rt {

/// Longer if the last sleeps were short: to sleep and to be woken takes 5 to 100 µs, by the machine, and two
/// sides that wait for each other in turn, each asleep when the other comes, would stay like that for ever.
///
/// Who sleeps for long looks for less long the next time; so one that seldom has something to do uses
/// nothing. And who runs on the CPU of the one that woke it does not look at all: it would only keep that one
/// away.
class HEDDLE_API patience {
 public:
    std::chrono::nanoseconds limit() const noexcept { return limit_; }
    /// The calling thread has slept for so long until it was woken, from the CPU `from`, if that is known.
    void slept(std::chrono::nanoseconds d, int from) noexcept;
    /// The CPU on which the caller runs, for the one that it wakes; `unknown` under the checker.
    static int here() noexcept;
    static constexpr int unknown = -1;

 private:
    static constexpr std::chrono::nanoseconds least = spinner::usual;
    static constexpr std::chrono::nanoseconds most = 10 * least;
    std::chrono::nanoseconds limit_ = least;
};

namespace detail {
/// That of the calling thread, which goes by its waits for heddle's primitives.
HEDDLE_API patience& thread_patience() noexcept;
}  // namespace detail

}  // namespace heddle::inline v0::rt
