// SPDX-License-Identifier: BSL-1.0
#include "arena.hpp"

#include <sys/mman.h>
#include "failure.hpp"

namespace heddle::inline v0::check::runtime {

namespace {
constinit memory_of_arena arena{};
}  // namespace

void prepare_arena() noexcept {
    // Only address space, until it is touched.
    constexpr std::size_t reserve = std::size_t{1} << 36;
    void* const p =
        ::mmap(nullptr, reserve, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED) return;
    const char* const begin = static_cast<char*>(p);
    arena = {begin, begin, begin + reserve};
}

memory_of_arena arena_memory() noexcept {
    return arena;
}

void* from_arena(std::size_t size) noexcept {
    if (arena.begin == nullptr)
        fail(controlled(), verdict::not_supported,
             "no address space for the checker; is it limited (ulimit -v)?");
    size = (size + 63) & ~std::size_t{63};
    if (size > static_cast<std::size_t>(arena.end - arena.used))
        fail(controlled(), verdict::not_supported, "the checker's memory is used up");
    char* const p = const_cast<char*>(arena.used);
    arena.used += size;
    return p;
}

}  // namespace heddle::inline v0::check::runtime
