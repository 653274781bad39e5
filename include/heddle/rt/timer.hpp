// SPDX-License-Identifier: BSL-1.0
#pragma once

// The timers of one worker. They belong to its thread: nothing here is locked.

#include <cstddef>
#include <cstdint>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/config.hpp>
#include <vector>

namespace heddle::inline v0::rt {

/// Something that is due at a moment; derive or embed, and give the function that is called then.
class timer {
 public:
    using function = void (*)(timer&) noexcept;

    explicit timer(function f) noexcept : fire_(f) {}
    timer(const timer&) = delete;
    timer& operator=(const timer&) = delete;

    bool armed() const noexcept { return armed_; }

 private:
    friend class timer_heap;
    function fire_;
    clock::time_point when_{};
    std::uint64_t sequence_ = 0;
    std::size_t index_ = 0;
    bool armed_ = false;
};

/// Timers by due time, those of the same moment in the order in which they were armed.
/// Complexity: add and remove O(log n); the vector grows by doubling.
class HEDDLE_API timer_heap {
 public:
    /// Arms `t`. @throws std::bad_alloc, and then it is not armed.
    void add(timer& t, clock::time_point when);
    /// Disarms `t` if it is armed.
    void remove(timer& t) noexcept;
    /// When the first is due.
    deadline next() const noexcept {
        return heap_.empty() ? deadline::never() : deadline(heap_.front()->when_);
    }
    bool empty() const noexcept { return heap_.empty(); }
    /// Disarms and fires everything due at `now`. @return how many.
    std::size_t fire(clock::time_point now) noexcept;

 private:
    static bool before(const timer& a, const timer& b) noexcept;
    void place(std::size_t i, timer& t) noexcept;
    void sift_up(std::size_t i, timer& t) noexcept;
    void sift_down(std::size_t i, timer& t) noexcept;

    std::vector<timer*> heap_;
    std::uint64_t sequence_ = 0;
};

}  // namespace heddle::inline v0::rt
