// SPDX-License-Identifier: BSL-1.0
#include "shadow.hpp"

#include <cstring>
#include "arena.hpp"
#include "engine.hpp"
#include "failure.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

// Pages of 512 bytes of the program's memory: small, because a schedule pays for each page of shadow it
// touches.
constexpr unsigned page_bits = 9;
constexpr std::size_t granules = (1u << page_bits) / 8;

struct page {
    shadow of[granules];
};

struct entry {
    std::uint64_t number;  // plus 1; 0: free
    page* shadow_page;
};

constexpr std::size_t table_size = 1u << 20;
alignas(page_size) constinit entry table[table_size]{};
constinit std::size_t used = 0;
constinit entry last{};

entry& find(std::uint64_t number) noexcept {
    for (std::size_t i = number * 0x9E3779B97F4A7C15u >> 44;; i = (i + 1) % table_size)
        if (table[i].number == number + 1 || table[i].number == 0) return table[i];
}

page& page_of(std::uint64_t number) noexcept {
    if (last.number == number + 1) return *last.shadow_page;
    entry& e = find(number);
    if (e.number == 0) {
        if (++used > table_size / 4 * 3)
            fail(controlled(), verdict::not_supported, "more than 400 MB of memory shared by threads");
        e.number = number + 1;
        e.shadow_page = static_cast<page*>(from_arena(sizeof(page)));
    }
    last = e;
    return *e.shadow_page;
}

}  // namespace

shadow& shadow_of(std::uint64_t address) noexcept {
    return page_of(address >> page_bits).of[address / 8 % granules];
}

void clear_shadow(std::uint64_t begin, std::size_t size) noexcept {
    const std::uint64_t end = begin + size;
    for (std::uint64_t number = begin >> page_bits; number << page_bits < end; ++number) {
        const entry& e = find(number);
        if (e.number == 0) continue;
        const std::uint64_t from = number << page_bits < begin ? begin : number << page_bits;
        const std::uint64_t to = (number + 1) << page_bits < end ? (number + 1) << page_bits : end;
        for (std::uint64_t at = from & ~std::uint64_t{7}; at < to; at += 8)
            std::memset(static_cast<void*>(e.shadow_page->of[at / 8 % granules].cells), 0,
                        sizeof(shadow::cells));
    }
}

}  // namespace heddle::inline v0::check::runtime
