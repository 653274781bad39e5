// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <heddle/policy/indexed_heap.hpp>
#include <heddle/policy/policy.hpp>

namespace heddle::inline v0::sched {

/// What happens when: each slot (a CPU, a task) has at most one time. So a slice that changes moves an entry
/// and leaves none behind, and the queue is never longer than what can happen.
///
/// Complexity: logarithmic in the number of slots that have a time.
class event_queue {
 public:
    bool empty() const noexcept { return heap_.empty(); }
    policy::time next() const { return heap_.first().at; }

    void set(std::uint32_t slot, policy::time at) { heap_.set({at, slot}, sooner); }

    void clear(std::uint32_t slot) {
        if (heap_.contains(slot)) heap_.erase(slot, sooner);
    }

    /// Takes out the slot that is next, the smallest of those with that time.
    std::uint32_t take() {
        const std::uint32_t slot = heap_.first().slot;
        heap_.erase(slot, sooner);
        return slot;
    }

 private:
    struct entry {
        policy::time at{};
        std::uint32_t slot = 0;
    };
    static constexpr auto sooner = [](const entry& a, const entry& b) {
        return a.at != b.at ? a.at < b.at : a.slot < b.slot;
    };

    policy::indexed_heap<entry> heap_;
};

}  // namespace heddle::inline v0::sched
