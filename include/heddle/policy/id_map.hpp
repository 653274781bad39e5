// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a policy remembers of each task, by the task's id. For writing a policy. Ids that are integers are
// found by hashing, others by their order; what is remembered comes in no order, so nothing may depend on it.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <heddle/policy/policy.hpp>
#include <map>
#include <utility>
#include <vector>

namespace heddle::inline v0::policy {

/// A value for each id.
///
/// Complexity: constant for integers, logarithmic for others.
template <task_id Id, class Value> class id_map {
 public:
    /// The value of an id, or null. It stays where it is until the next call that is not const.
    Value* find(const Id& id) {
        const auto at = values_.find(id);
        return at == values_.end() ? nullptr : &at->second;
    }
    const Value* find(const Id& id) const {
        const auto at = values_.find(id);
        return at == values_.end() ? nullptr : &at->second;
    }

    /// The value of an id, which is made if there is none.
    Value& operator[](const Id& id) { return values_[id]; }

    /// The same, and whether it was made.
    std::pair<Value*, bool> insert(const Id& id) {
        const auto [at, made] = values_.try_emplace(id);
        return {&at->second, made};
    }

    /// Forgets an id; whether there was a value.
    bool erase(const Id& id) { return values_.erase(id) != 0; }

    std::size_t size() const noexcept { return values_.size(); }

    /// Whether `what(id, value)` holds of any.
    template <class What> bool any_of(What what) const {
        return std::any_of(values_.begin(), values_.end(),
                           [&](const auto& each) { return what(each.first, each.second); });
    }

 private:
    std::map<Id, Value> values_;
};

/// For integers: open addressing with linear probing, after D. Knuth, The Art of Computer Programming, vol.
/// 3, 6.4, algorithm R for taking out.
template <task_id Id, class Value>
    requires std::integral<Id>
class id_map<Id, Value> {
 public:
    Value* find(Id id) {
        const std::size_t at = place_of(id);
        return at == nowhere ? nullptr : &slots_[at].value;
    }
    const Value* find(Id id) const {
        const std::size_t at = place_of(id);
        return at == nowhere ? nullptr : &slots_[at].value;
    }

    Value& operator[](Id id) { return *insert(id).first; }

    std::pair<Value*, bool> insert(Id id) {
        if (slots_.empty()) grow();
        std::size_t at = place_for(id);
        if (slots_[at].used) return {&slots_[at].value, false};
        if ((used_ + 1) * 2 > slots_.size()) {
            grow();
            at = place_for(id);
        }
        ++used_;
        slots_[at] = {id, true, Value{}};
        return {&slots_[at].value, true};
    }

    bool erase(Id id) {
        std::size_t hole = place_of(id);
        if (hole == nowhere) return false;
        // What comes after the hole moves into it unless it would then stand before its own place.
        for (std::size_t at = next(hole); slots_[at].used; at = next(at)) {
            const std::size_t home = hash(slots_[at].id);
            if (((at - home) & mask()) < ((at - hole) & mask())) continue;
            slots_[hole] = std::move(slots_[at]);
            hole = at;
        }
        slots_[hole] = slot{};
        --used_;
        return true;
    }

    std::size_t size() const noexcept { return used_; }

    template <class What> bool any_of(What what) const {
        return std::any_of(slots_.begin(), slots_.end(),
                           [&](const slot& s) { return s.used && what(s.id, s.value); });
    }

 private:
    struct slot {
        Id id{};
        bool used = false;
        Value value{};
    };
    static constexpr std::size_t nowhere = ~std::size_t{0};

    std::size_t mask() const noexcept { return slots_.size() - 1; }
    std::size_t next(std::size_t at) const noexcept { return (at + 1) & mask(); }

    // Ids that follow each other are mostly made, used and forgotten one after the other: eight of them stand
    // side by side, and the eights are scattered. The upper bits of the product are the mixed ones.
    std::size_t hash(Id id) const noexcept {
        const auto n = static_cast<std::uint64_t>(id);
        const std::uint64_t product = (n >> 3) * 0x9E3779B97F4A7C15u;
        return static_cast<std::size_t>((product >> 32) << 3 | (n & 7)) & mask();
    }

    // Where an id is, or is to stand.
    std::size_t place_for(Id id) const noexcept {
        std::size_t at = hash(id);
        while (slots_[at].used && slots_[at].id != id) at = next(at);
        return at;
    }

    std::size_t place_of(Id id) const noexcept {
        if (slots_.empty()) return nowhere;
        const std::size_t at = place_for(id);
        return slots_[at].used ? at : nowhere;
    }

    void grow() {
        std::vector<slot> old(slots_.empty() ? 16 : slots_.size() * 2);
        old.swap(slots_);
        for (slot& s : old)
            if (s.used) slots_[place_for(s.id)] = std::move(s);
    }

    std::vector<slot> slots_;  // a power of two, at most half of them used
    std::size_t used_ = 0;
};

}  // namespace heddle::inline v0::policy
