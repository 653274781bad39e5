// SPDX-License-Identifier: BSL-1.0
#pragma once

// The only clock that heddle waits by, and deadlines on it. It is CLOCK_MONOTONIC: jumps of the wall clock do
// not disturb a wait, and readings taken in different processes of one machine can be compared.

#include <chrono>
#include <cstdint>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

/// The monotonic clock, in nanoseconds; meets the standard's Clock requirements.
struct HEDDLE_API clock {
    using duration = std::chrono::nanoseconds;
    using rep = duration::rep;
    using period = duration::period;
    using time_point = std::chrono::time_point<clock>;
    static constexpr bool is_steady = true;

    /// Reads the clock.
    static time_point now() noexcept;
};

/// Nanoseconds of CPU time that the calling thread has used.
HEDDLE_API std::chrono::nanoseconds thread_cpu_time() noexcept;

/// A moment after which a wait gives up; `deadline::never()` waits for ever, one in the past means "try
/// once".
class deadline {
 public:
    /// No limit; also the default.
    constexpr deadline() noexcept = default;
    static constexpr deadline never() noexcept { return deadline(); }

    constexpr deadline(clock::time_point when) noexcept
        : when_(when) {}  // NOLINT: a time point is a deadline
    /// The moment `when` of another clock, as at().
    template <class Clock, class Duration>
    deadline(std::chrono::time_point<Clock, Duration> when) noexcept  // NOLINT: as above
        : deadline(at(when)) {}

    /// The moment `d` from now; negative is already past, and a duration too long to represent is never.
    template <class Rep, class Period> static deadline after(std::chrono::duration<Rep, Period> d) noexcept {
        const auto now = clock::now();
        const std::chrono::duration<long double, std::nano> wanted(d);
        const auto room = std::chrono::duration<long double, std::nano>(clock::time_point::max() - now);
        if (!(wanted < room)) return never();
        if (wanted.count() <= 0) return deadline(now);
        return deadline(now + std::chrono::ceil<clock::duration>(d));
    }

    /// The moment `when` of another clock, by its distance from that clock's present.
    template <class Clock, class Duration>
    static deadline at(std::chrono::time_point<Clock, Duration> when) noexcept {
        // As long double, because the difference of two moments far apart overflows an integer.
        using wide = std::chrono::duration<long double, std::nano>;
        return after(wide(when.time_since_epoch()) - wide(Clock::now().time_since_epoch()));
    }
    static constexpr deadline at(clock::time_point when) noexcept { return deadline(when); }

    constexpr bool is_never() const noexcept { return when_ == clock::time_point::max(); }
    constexpr clock::time_point when() const noexcept { return when_; }
    bool expired() const noexcept { return !is_never() && clock::now() >= when_; }

    friend constexpr auto operator<=>(const deadline&, const deadline&) noexcept = default;

 private:
    clock::time_point when_ = clock::time_point::max();
};

}  // namespace heddle::inline v0::rt
