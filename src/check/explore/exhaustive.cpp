// SPDX-License-Identifier: BSL-1.0
#include "exhaustive.hpp"

#include <bit>

namespace heddle::inline v0::check {

namespace {
constexpr std::uint64_t bit(std::uint16_t slot) noexcept {
    return slot < 64 ? std::uint64_t{1} << slot : 0;
}
}  // namespace

std::vector<guide_branch> exhaustive_enumeration::guide() const {
    std::vector<guide_branch> guide;
    guide.reserve(path_.size());
    for (const decision& d : path_)
        guide.push_back(
            {.explored = d.number || !reduced_ ? 0 : d.explored, .chosen = d.chosen, .unused = {}});
    return guide;
}

exhaustive_enumeration::step exhaustive_enumeration::advance(const recording& r) {
    if (r.threads.size() > 64) return step::unlike;  // events name the candidates of so many slots
    std::size_t at = 0;
    std::uint16_t before = 0;
    for (const event& e : r.events) {
        const bool number = (e.flags & event_chosen) != 0;
        const auto chosen = static_cast<std::uint16_t>(number ? e.value : e.slot);
        if (number || (e.flags & event_only) == 0) {
            if (at < path_.size()) {
                const decision& d = path_[at];
                if (d.number != number || d.met != e.candidates || d.chosen != chosen) return step::unlike;
            } else {
                decision d{0, 0, e.candidates, chosen, number};
                if (number) {
                    d.left = e.candidates - 1;  // how many numbers are still to come
                } else {
                    d.left = e.candidates & ~bit(chosen);
                    // Who lets the others go first does not go on before one of them has.
                    if ((e.flags & event_stood_back) != 0) d.left &= ~bit(before);
                }
                path_.push_back(d);
            }
            ++at;
        }
        if (!number) before = e.slot;
    }
    if (at < path_.size()) return step::unlike;
    return next() ? step::more : step::last;
}

// The last decision at which something is left to try.
bool exhaustive_enumeration::next() {
    for (; !path_.empty(); path_.pop_back()) {
        decision& d = path_.back();
        if (d.left == 0) continue;
        if (d.number) {
            --d.left;
            ++d.chosen;
        } else {
            d.explored |= bit(d.chosen);
            d.chosen = static_cast<std::uint16_t>(std::countr_zero(d.left));
            d.left &= ~bit(d.chosen);
        }
        return true;
    }
    return false;
}

}  // namespace heddle::inline v0::check
