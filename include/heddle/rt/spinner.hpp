// SPDX-License-Identifier: BSL-1.0
#pragma once

// Waiting for a moment without sleeping: worth it when the other side is running on another CPU, because a
// sleep and a wake-up cost more than most critical sections. Bounded in time, not in rounds: the length of a
// pause differs tenfold between CPUs.

#include <chrono>
#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

/// A bounded spin: `spinner s; while (!condition() && s.again()) {}`.
class HEDDLE_API spinner {
 public:
    /// A wake-up across CPUs costs ten times as much as most sections; who spins for longer than this wastes
    /// more than it saves, unless it knows better.
    static constexpr std::chrono::microseconds usual{5};

    /// What is beyond `usual` is for few at a time, half as many threads as there are CPUs; for others it
    /// ends there.
    explicit spinner(std::chrono::nanoseconds limit = usual) noexcept : limit_(limit) {}
    /// For as long as the calling thread's last sleeps let expect; see patience.
    static spinner patient() noexcept;
    /// For what somebody else writes again and again, as the owner of a lock that it takes, gives back and
    /// takes again: each look costs the other a cache line there and back, so looks are far apart.
    static spinner sparing() noexcept;
    ~spinner() {
        if (long_) end_long();
    }
    spinner(const spinner&) = delete;
    spinner& operator=(const spinner&) = delete;

    /// Pauses; false once it is better to sleep, which with one CPU, and under the checker, is at once.
    bool again() noexcept;
    /// Pauses that often before the first look, but not for longer than a microsecond or two.
    static void pause_patiently(std::size_t pauses) noexcept;

 private:
    spinner(std::chrono::nanoseconds limit, bool sparing) noexcept : limit_(limit), sparing_(sparing) {}
    bool pause_sparingly() noexcept;
    bool begin_long() noexcept;
    static void end_long() noexcept;

    std::chrono::nanoseconds limit_;
    bool sparing_ = false;
    int rounds_ = 0;
    bool long_ = false;
    deadline until_;
};

}  // namespace heddle::inline v0::rt
