// SPDX-License-Identifier: BSL-1.0
#pragma once

// For how long who waits looks whether it can go on before it sleeps.

#include <chrono>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <heddle/rt/spinner.hpp>

namespace heddle::inline v0::rt {

/// Twice as long as it takes to be woken, where the last sleep was no longer than that: two sides that wait
/// for each other in turn, each asleep when the other comes, would stay like that for ever. To be woken takes
/// from 5 to 100 µs, by the machine, so that is measured.
///
/// Who sleeps for longer looks for less long the next time; so one that seldom has something to do uses
/// nothing. And who runs on the CPU of the one that woke it does not look at all: it would only keep that one
/// away.
class HEDDLE_API patience {
 public:
    /// When a sleeper is woken, and from which CPU. Nothing is known of a wake-up that left none.
    struct wake_up {
        int cpu = -1;
        clock::time_point at{};
        /// By the calling thread, now. Unknown under the checker.
        static wake_up now() noexcept;
    };

    std::chrono::nanoseconds limit() const noexcept { return limit_; }
    /// The calling thread is about to sleep. @return the time, for slept()
    static clock::time_point begin() noexcept;
    /// It has been woken.
    void slept(clock::time_point since, const wake_up& by) noexcept;

 private:
    static constexpr std::chrono::nanoseconds least = spinner::usual;
    static constexpr std::chrono::nanoseconds longest_wake_up{100'000};
    std::chrono::nanoseconds limit_ = least;
    std::chrono::nanoseconds wake_up_takes_ = least;
};

namespace detail {
/// That of the calling thread, which goes by its waits for heddle's primitives.
HEDDLE_API patience& thread_patience() noexcept;
}  // namespace detail

}  // namespace heddle::inline v0::rt
