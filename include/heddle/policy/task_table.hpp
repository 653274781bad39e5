// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a policy remembers of each task, where the tasks also have small numbers of their own: positions, by
// which other structures can refer to them. For writing a policy.

#include <cstddef>
#include <cstdint>
#include <heddle/policy/id_map.hpp>
#include <heddle/policy/policy.hpp>
#include <vector>

namespace heddle::inline v0::policy {

/// A value for each id, at a position that stays the same until the id is erased; positions are used again.
///
/// Complexity: that of id_map by id, constant by position. A reference is good until the next make().
template <task_id Id, class Value> class task_table {
 public:
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

    /// The position of an id, or `nowhere`.
    std::uint32_t find(const Id& id) const {
        const std::uint32_t* const at = places_.find(id);
        return at == nullptr ? nowhere : *at;
    }

    /// The position of an id, which is given one and a value of its own if it has none.
    std::uint32_t make(const Id& id) {
        const auto [place, made] = places_.insert(id);
        if (made) *place = free_position();
        return *place;
    }

    Value& operator[](std::uint32_t at) { return values_[at]; }
    const Value& operator[](std::uint32_t at) const { return values_[at]; }

    /// The position of a value of this table.
    std::uint32_t position_of(const Value& v) const {
        return static_cast<std::uint32_t>(&v - values_.data());
    }

    /// Forgets an id and the value at its position.
    void erase(const Id& id, std::uint32_t at) {
        values_[at] = Value{};
        free_.push_back(at);
        places_.erase(id);
    }

 private:
    std::uint32_t free_position() {
        if (free_.empty()) {
            values_.emplace_back();
            return static_cast<std::uint32_t>(values_.size() - 1);
        }
        const std::uint32_t at = free_.back();  // the one that was used last: its memory is near
        free_.pop_back();
        return at;
    }

    id_map<Id, std::uint32_t> places_;
    std::vector<Value> values_;
    std::vector<std::uint32_t> free_;
};

}  // namespace heddle::inline v0::policy
