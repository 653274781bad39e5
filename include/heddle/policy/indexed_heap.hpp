// SPDX-License-Identifier: BSL-1.0
#pragma once

// A queue by any order, in which each of a number of slots stands at most once and can be found, moved and
// taken out. For writing a policy.

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle::inline v0::policy {

/// Nodes, of which the first is found at once. A node has a member `slot` that says whose it is, and whatever
/// decides who goes first; `sooner(a, b)`, which every call that moves nodes is given, is a strict total
/// order.
///
/// Complexity: logarithmic in the number of nodes, the rest is constant. Memory: four bytes for each slot up
/// to the largest.
template <class Node> class indexed_heap {
 public:
    bool empty() const noexcept { return nodes_.empty(); }
    std::size_t size() const noexcept { return nodes_.size(); }

    /// The first of them. There must be one.
    const Node& first() const { return nodes_.front(); }

    /// By position, 0 to size() − 1; 0 is the first, the others are in no order.
    const Node& at(std::size_t n) const { return nodes_[n]; }

    bool contains(std::uint32_t slot) const { return slot < where_.size() && where_[slot] != nowhere; }

    /// The node of a slot, which must be in.
    const Node& of(std::uint32_t slot) const { return nodes_[where_[slot]]; }

    /// Puts in the node of a slot that is not in.
    template <class Sooner> void push(const Node& n, Sooner sooner) {
        if (n.slot >= where_.size()) where_.resize(n.slot + std::size_t{1}, nowhere);
        nodes_.push_back(n);
        up(nodes_.size() - 1, n, sooner);
    }

    /// The node of a slot that is in becomes this one.
    template <class Sooner> void replace(const Node& n, Sooner sooner) { settle(where_[n.slot], n, sooner); }

    /// Puts in the node of a slot, in place of the one that it may have.
    template <class Sooner> void set(const Node& n, Sooner sooner) {
        if (contains(n.slot))
            replace(n, sooner);
        else
            push(n, sooner);
    }

    /// Takes out a slot, which must be in.
    template <class Sooner> void erase(std::uint32_t slot, Sooner sooner) {
        const std::uint32_t hole = where_[slot];
        where_[slot] = nowhere;
        const Node last = nodes_.back();
        nodes_.pop_back();
        if (hole < nodes_.size()) settle(hole, last, sooner);
    }

    /// The position of the first node of which `what` holds; size() if there is none. Complexity: linear in
    /// the number of nodes that go before it.
    template <class What, class Sooner> std::size_t first_if(What what, Sooner sooner) const {
        std::size_t best = nodes_.size();
        first_below(0, best, what, sooner);
        return best;
    }

    /// Whether `what` holds of a node of which `early` holds. A node that goes first must be early if one
    /// behind it is. Complexity: linear in the number of early nodes.
    template <class Early, class What> bool any_early(Early early, What what) const {
        return any_early_below(0, early, what);
    }

 private:
    static constexpr std::uint32_t nowhere = ~std::uint32_t{0};

    void put(std::size_t at, const Node& n) {
        nodes_[at] = n;
        where_[n.slot] = static_cast<std::uint32_t>(at);
    }

    template <class Sooner> void settle(std::size_t at, const Node& n, Sooner sooner) {
        if (at > 0 && sooner(n, nodes_[(at - 1) / 4]))
            up(at, n, sooner);
        else
            down(at, n, sooner);
    }

    template <class Sooner> void up(std::size_t at, const Node& n, Sooner sooner) {
        for (; at > 0; at = (at - 1) / 4) {
            const std::size_t parent = (at - 1) / 4;
            if (!sooner(n, nodes_[parent])) break;
            put(at, nodes_[parent]);
        }
        put(at, n);
    }

    // The hole goes to the bottom, and the node up from there: it mostly came from the bottom, and does not
    // rise far. I. Wegener, Theoretical Computer Science 118(1), 1993.
    template <class Sooner> void down(std::size_t at, const Node& n, Sooner sooner) {
        const std::size_t size = nodes_.size();
        for (std::size_t best = at * 4 + 1; best < size; best = at * 4 + 1) {
            const std::size_t end = std::min(best + 4, size);
            for (std::size_t child = best + 1; child < end; ++child)
                if (sooner(nodes_[child], nodes_[best])) best = child;
            put(at, nodes_[best]);
            at = best;
        }
        up(at, n, sooner);
    }

    template <class What, class Sooner>
    void first_below(std::size_t at, std::size_t& best, What& what, Sooner& sooner) const {
        if (at >= nodes_.size() || (best < nodes_.size() && !sooner(nodes_[at], nodes_[best]))) return;
        if (what(nodes_[at])) {
            best = at;
            return;
        }
        for (std::size_t child = at * 4 + 1; child <= at * 4 + 4; ++child)
            first_below(child, best, what, sooner);
    }

    template <class Early, class What> bool any_early_below(std::size_t at, Early& early, What& what) const {
        if (at >= nodes_.size() || !early(nodes_[at])) return false;
        if (what(nodes_[at])) return true;
        for (std::size_t child = at * 4 + 1; child <= at * 4 + 4; ++child)
            if (any_early_below(child, early, what)) return true;
        return false;
    }

    std::vector<Node> nodes_;  // four children each: half as deep as with two, and side by side
    // Of each slot its position. Apart from what the slots stand for, so that moving nodes touches little
    // memory.
    std::vector<std::uint32_t> where_;
};

}  // namespace heddle::inline v0::policy
