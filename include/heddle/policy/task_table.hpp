// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a policy remembers of each task, where the tasks also have small numbers of their own: positions, by
// which other structures can refer to them. For writing a policy.

#include <cstddef>
#include <cstdint>
#include <heddle/policy/id_index.hpp>
#include <heddle/policy/policy.hpp>
#include <utility>
#include <vector>

namespace heddle::inline v0::policy {

/// A value for each id, at a position that stays the same until the id is erased; positions are used again.
///
/// Complexity: that of id_index by id, constant by position. A reference is good until the next make().
template <task_id Id, class Value> class task_table {
 public:
    static constexpr std::uint32_t nowhere = id_index<Id>::nowhere;

    /// The position of an id, or `nowhere`.
    std::uint32_t find(const Id& id) const { return positions_.find(id); }

    /// The position of an id, which is given one if it has none, and whether it was. The value there may be
    /// that of an id that had the position before.
    std::pair<std::uint32_t, bool> make(const Id& id) {
        const auto [at, made] = positions_.insert(id);
        if (at == values_.size()) values_.emplace_back();
        return {at, made};
    }

    Value& operator[](std::uint32_t at) { return values_[at]; }
    const Value& operator[](std::uint32_t at) const { return values_[at]; }

    /// The position of a value of this table.
    std::uint32_t position_of(const Value& v) const {
        return static_cast<std::uint32_t>(&v - values_.data());
    }

    /// Forgets an id; the position that it had, or `nowhere`. The value there stays.
    std::uint32_t erase(const Id& id) { return positions_.erase(id); }

 private:
    id_index<Id> positions_;
    std::vector<Value> values_;
};

}  // namespace heddle::inline v0::policy
