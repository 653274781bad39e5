// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <heddle/policy/policy.hpp>
#include <vector>

namespace heddle::inline v0::sched {

/// What happens when: each of a fixed number of slots (a CPU, a task) has at most one time. So a slice that
/// changes moves an entry and leaves none behind, and the queue is never longer than what can happen.
///
/// Complexity: logarithmic in the number of slots that have a time.
class event_queue {
 public:
    explicit event_queue(std::size_t slots) : where_(slots, nowhere) {}

    bool empty() const noexcept { return heap_.empty(); }
    policy::time next() const { return heap_.front().at; }
    std::uint32_t next_slot() const { return heap_.front().slot; }

    void set(std::uint32_t slot, policy::time at) {
        const entry e{at, slot};
        if (where_[slot] == nowhere) {
            heap_.push_back(e);
            up(heap_.size() - 1, e);
        } else {
            move(where_[slot], e);
        }
    }

    void clear(std::uint32_t slot) {
        const std::uint32_t at = where_[slot];
        if (at == nowhere) return;
        where_[slot] = nowhere;
        const entry last = heap_.back();
        heap_.pop_back();
        if (at < heap_.size()) move(at, last);
    }

 private:
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};
    struct entry {
        policy::time at{};
        std::uint32_t slot = 0;
        bool operator<(const entry& o) const { return at != o.at ? at < o.at : slot < o.slot; }
    };

    void put(std::size_t at, const entry& e) {
        heap_[at] = e;
        where_[e.slot] = static_cast<std::uint32_t>(at);
    }
    void move(std::size_t at, const entry& e) {
        if (at > 0 && e < heap_[(at - 1) / 4])
            up(at, e);
        else
            down(at, e);
    }
    void up(std::size_t at, const entry& e) {
        for (; at > 0 && e < heap_[(at - 1) / 4]; at = (at - 1) / 4) put(at, heap_[(at - 1) / 4]);
        put(at, e);
    }
    void down(std::size_t at, const entry& e) {
        for (;;) {
            std::size_t best = at * 4 + 1;
            if (best >= heap_.size()) break;
            const std::size_t end = std::min(best + 4, heap_.size());
            for (std::size_t child = best + 1; child < end; ++child)
                if (heap_[child] < heap_[best]) best = child;
            if (!(heap_[best] < e)) break;
            put(at, heap_[best]);
            at = best;
        }
        put(at, e);
    }

    std::vector<std::uint32_t> where_;  // of each slot, its position in the heap
    std::vector<entry> heap_;           // four children each
};

}  // namespace heddle::inline v0::sched
