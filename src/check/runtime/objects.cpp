// SPDX-License-Identifier: BSL-1.0
// What the model knows about each primitive, by its address: open addressing in memory that is touched only
// as far as it is used, because every schedule begins with a fork and pays for each page that it changes.

#include <cstring>
#include "engine.hpp"
#include "failure.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

constexpr std::size_t table_size = 1u << 16;
constinit object table[table_size]{};
constinit std::size_t used = 0;

std::size_t home(const void* address) noexcept {
    return (bits(address) >> 2) * 0x9E3779B97F4A7C15u >> 48;
}

}  // namespace

object* find_object(const void* address) noexcept {
    for (std::size_t i = home(address);; i = (i + 1) % table_size) {
        if (table[i].address == address) return &table[i];
        if (table[i].address == nullptr) return nullptr;
    }
}

object& object_at(const void* address) noexcept {
    std::size_t i = home(address);
    for (; table[i].address != nullptr; i = (i + 1) % table_size)
        if (table[i].address == address) return table[i];
    if (++used > table_size / 4 * 3)
        fail(controlled(), verdict::not_supported,
             "more than 49152 locks and atomic variables in one schedule");
    table[i].address = address;
    return table[i];
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
