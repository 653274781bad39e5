// SPDX-License-Identifier: BSL-1.0
#pragma once

// A small number for each id, by which arrays can be indexed. For writing a policy. Ids that are integers are
// found by hashing, others by their order.

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <heddle/policy/policy.hpp>
#include <map>
#include <utility>
#include <vector>

namespace heddle::inline v0::policy {

/// A position for each id: it stays the same until the id is erased, and is used again then. So there are
/// never more positions than there were ids at once.
///
/// Complexity: constant for integers, logarithmic for others.
template <task_id Id> class id_index {
 public:
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

    std::size_t size() const noexcept { return positions_.size(); }

    /// The position of an id, or `nowhere`.
    std::uint32_t find(const Id& id) const {
        const auto at = positions_.find(id);
        return at == positions_.end() ? nowhere : at->second;
    }

    /// The position of an id, which is given one if it has none, and whether it was.
    std::pair<std::uint32_t, bool> insert(const Id& id) {
        const auto [at, made] = positions_.try_emplace(id);
        if (made && free_.empty()) {
            at->second = static_cast<std::uint32_t>(positions_.size() - 1);
        } else if (made) {
            at->second = free_.back();  // the one that was used last: its memory is near
            free_.pop_back();
        }
        return {at->second, made};
    }

    /// Forgets an id; the position that it had, or `nowhere`.
    std::uint32_t erase(const Id& id) {
        const auto at = positions_.find(id);
        if (at == positions_.end()) return nowhere;
        const std::uint32_t position = at->second;
        free_.push_back(position);
        positions_.erase(at);
        return position;
    }

    /// Whether `what(id, position)` holds of any.
    template <class What> bool any_of(What what) const {
        return std::any_of(positions_.begin(), positions_.end(),
                           [&](const auto& each) { return what(each.first, each.second); });
    }

 private:
    std::map<Id, std::uint32_t> positions_;
    std::vector<std::uint32_t> free_;
};

/// For integers: a hash table with a chain for each place, so that nothing moves when an id is forgotten.
template <task_id Id>
    requires std::integral<Id>
class id_index<Id> {
 public:
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

    std::size_t size() const noexcept { return size_; }

    std::uint32_t find(Id id) const { return first_.empty() ? nowhere : on_chain(first_[place_of(id)], id); }

    std::pair<std::uint32_t, bool> insert(Id id) {
        if (size_ == first_.size()) grow();
        std::uint32_t& first = first_[place_of(id)];
        if (const std::uint32_t found = on_chain(first, id); found != nowhere) return {found, false};
        std::uint32_t at = free_;
        if (at == nowhere) {
            at = static_cast<std::uint32_t>(links_.size());
            links_.emplace_back();
        } else {
            free_ = links_[at].next;
        }
        links_[at] = {id, std::exchange(first, at)};
        ++size_;
        return {at, true};
    }

    std::uint32_t erase(Id id) {
        if (first_.empty()) return nowhere;
        std::uint32_t* from = &first_[place_of(id)];
        while (*from != nowhere && links_[*from].id != id) from = &links_[*from].next;
        const std::uint32_t at = *from;
        if (at == nowhere) return nowhere;
        *from = links_[at].next;
        links_[at].next = std::exchange(free_, at);
        --size_;
        return at;
    }

    template <class What> bool any_of(What what) const {
        for (std::uint32_t at : first_)
            for (; at != nowhere; at = links_[at].next)
                if (what(links_[at].id, at)) return true;
        return false;
    }

 private:
    struct link {
        Id id{};
        std::uint32_t next = nowhere;  // on its chain, or of those that are free
    };

    // Ids that follow each other are mostly made, used and forgotten one after the other: eight of them stand
    // side by side, and the eights are spread evenly by the upper bits of the product with the golden ratio.
    std::size_t place_of(Id id) const noexcept {
        const auto n = static_cast<std::uint64_t>(id);
        return static_cast<std::size_t>((n >> 3) * 0x9E3779B97F4A7C15u >> shift_ << 3 | (n & 7));
    }

    std::uint32_t on_chain(std::uint32_t at, Id id) const {
        while (at != nowhere && links_[at].id != id) at = links_[at].next;
        return at;
    }

    void grow() {
        std::vector<std::uint32_t> old(first_.empty() ? 16 : first_.size() * 2, nowhere);
        old.swap(first_);
        --shift_;
        for (std::uint32_t at : old)
            while (at != nowhere) {
                const std::uint32_t next = links_[at].next;
                links_[at].next = std::exchange(first_[place_of(links_[at].id)], at);
                at = next;
            }
    }

    std::vector<std::uint32_t> first_;  // of each chain; a power of two
    std::vector<link> links_;           // by position
    std::uint32_t free_ = nowhere;      // the one that was used last comes first: its memory is near
    std::size_t size_ = 0;
    int shift_ = 64;  // keeps as many bits of a product as there are eights of places
};

}  // namespace heddle::inline v0::policy
