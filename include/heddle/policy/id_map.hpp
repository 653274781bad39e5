// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a policy remembers of each task, by the task's id. For writing a policy. What is remembered comes in
// no order, so nothing may depend on it.

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <heddle/policy/id_index.hpp>
#include <heddle/policy/policy.hpp>
#include <utility>
#include <vector>

namespace heddle::inline v0::policy {

/// A value for each id.
///
/// Complexity: that of id_index.
template <task_id Id, class Value> class id_map {
    static_assert(!std::same_as<Value, bool>, "a vector of bool has no references: use a struct, or char");

 public:
    /// The value of an id, or null. It stays where it is until the next call that is not const.
    Value* find(const Id& id) {
        const std::uint32_t at = positions_.find(id);
        return at == positions_.nowhere ? nullptr : &values_[at];
    }
    const Value* find(const Id& id) const {
        const std::uint32_t at = positions_.find(id);
        return at == positions_.nowhere ? nullptr : &values_[at];
    }

    /// The value of an id, which is made if there is none.
    Value& operator[](const Id& id) { return *insert(id).first; }

    /// The same, and whether it was made.
    std::pair<Value*, bool> insert(const Id& id) {
        const auto [at, made] = positions_.insert(id);
        if (at == values_.size()) values_.emplace_back();
        return {&values_[at], made};
    }

    /// Forgets an id; whether there was a value.
    bool erase(const Id& id) {
        const std::uint32_t at = positions_.erase(id);
        if (at == positions_.nowhere) return false;
        values_[at] = Value{};
        return true;
    }

    std::size_t size() const noexcept { return positions_.size(); }

    /// Whether `what(id, value)` holds of any.
    template <class What> bool any_of(What what) const {
        return positions_.any_of([&](const Id& id, std::uint32_t at) { return what(id, values_[at]); });
    }

 private:
    id_index<Id> positions_;
    std::vector<Value> values_;
};

}  // namespace heddle::inline v0::policy
