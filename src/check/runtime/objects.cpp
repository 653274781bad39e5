// SPDX-License-Identifier: BSL-1.0
// What the model knows about each primitive, by its address: an index with open addressing, which grows with
// them, because every schedule pays for each page that it changes.

#include <cstring>
#include "arena.hpp"
#include "engine.hpp"
#include "failure.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

constexpr std::size_t most = 49152;
constexpr std::size_t largest_index = 1u << 16;  // never full

alignas(page_size) constinit object objects[most]{};
alignas(page_size) constinit std::uint16_t index_of[largest_index]{};  // plus 1; 0: free
constinit std::size_t used = 0;
constinit std::size_t index_size = 1024;

// Where the object at `address` is in the index, or would be.
std::uint16_t& place_of(const void* address) noexcept {
    std::size_t i = (bits(address) >> 2) * 0x9E3779B97F4A7C15u >> 48;
    for (;; ++i) {
        std::uint16_t& place = index_of[i % index_size];
        if (place == 0 || objects[place - 1].address == address) return place;
    }
}

void enlarge_index() noexcept {
    std::memset(index_of, 0, index_size * sizeof index_of[0]);
    index_size *= 2;
    for (std::size_t i = 0; i < used; ++i) place_of(objects[i].address) = static_cast<std::uint16_t>(i + 1);
}

}  // namespace

object* find_object(const void* address) noexcept {
    const std::uint16_t place = place_of(address);
    return place == 0 ? nullptr : &objects[place - 1];
}

object& object_at(const void* address) noexcept {
    if (object* const known = find_object(address)) return *known;
    if (used == most)
        fail(controlled(), verdict::not_supported,
             "more than 49152 locks and atomic variables in one schedule");
    if (used + 1 > index_size / 4 * 3) enlarge_index();
    objects[used].address = address;
    place_of(address) = static_cast<std::uint16_t>(++used);
    return objects[used - 1];
}

void forget_object(const void* address) noexcept {
    // The entry stays, so that searches go past it; what it knew is gone.
    if (object* const o = find_object(address)) {
        const void* const key = o->address;
        std::memset(static_cast<void*>(o), 0, sizeof *o);
        o->address = key;
    }
}

}  // namespace heddle::inline v0::check::runtime
