// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a primitive must know of a task that waits at several of them at once: that it may be taken out of one
// queue only.

#include <atomic>
#include <cstdint>
#include <heddle/rt/parking_lot.hpp>

namespace heddle::inline v0::detail {

/// Which side of a channel a target is on, where both wait at one address.
enum class wait_side : std::uint8_t { get, put };

/// What the tag of a queued waiter points to, at those primitives at which select() can wait. A waiter may be
/// one of several of the same task, of which only the first to be chosen may be taken out; whoever wants to
/// take one out asks win() first.
///
/// Invariant: race_ goes from 0 to the number of one of those that share it, once, by a compare-and-swap; or
/// to one that none of them has, if their task gives up. So exactly one wins. Who has lost stays so, until
/// its task has taken it out.
class wait_target {
 public:
    constexpr wait_target() noexcept = default;
    explicit constexpr wait_target(wait_side side) noexcept : side_(side) {}
    /// From now on it is the one with number `index`, not 0, of those that share `race`, which begins as 0.
    void enter(std::atomic<std::uint32_t>& race, std::uint32_t index) noexcept {
        race_ = &race;
        index_ = index;
    }
    bool win() noexcept {
        if (race_ == nullptr) return true;
        std::uint32_t nobody = 0;
        // relaxed: whatever is to be known of the winner passes through the wake-up that follows.
        return race_->compare_exchange_strong(nobody, index_, std::memory_order_relaxed);
    }
    /// Whether win() could succeed: a hint, but that it cannot is final.
    bool open() const noexcept { return race_ == nullptr || race_->load(std::memory_order_relaxed) == 0; }
    /// Whether both are of one task's wait at several places.
    bool same_race(const wait_target& other) const noexcept {
        return race_ != nullptr && race_ == other.race_;
    }
    wait_side side() const noexcept { return side_; }
    std::uintptr_t as_tag() noexcept { return reinterpret_cast<std::uintptr_t>(this); }
    static wait_target& of(const rt::waiter& w) noexcept { return *reinterpret_cast<wait_target*>(w.tag()); }

 private:
    std::atomic<std::uint32_t>* race_ = nullptr;
    std::uint32_t index_ = 0;
    wait_side side_ = wait_side::get;
};

/// The first of those parked that may be taken out, null if there is none. Called under the bucket's lock.
inline rt::waiter* first_willing(rt::parked& here) noexcept {
    for (rt::waiter* w = here.first(); w != nullptr; w = here.next(*w))
        if (wait_target::of(*w).win()) return w;
    return nullptr;
}

/// As above, of those at one side.
inline rt::waiter* first_willing(rt::parked& here, wait_side side) noexcept {
    for (rt::waiter* w = here.first(); w != nullptr; w = here.next(*w))
        if (wait_target::of(*w).side() == side && wait_target::of(*w).win()) return w;
    return nullptr;
}

}  // namespace heddle::inline v0::detail
