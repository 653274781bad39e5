// SPDX-License-Identifier: BSL-1.0
#include "arena.hpp"

#include <sys/mman.h>
#include "failure.hpp"

namespace heddle::inline v0::check::runtime {

void* from_arena(std::size_t size) noexcept {
    // Only address space, until it is touched.
    static constexpr std::size_t reserve = std::size_t{1} << 36;
    static char* next = nullptr;
    static char* end = nullptr;
    if (next == nullptr) {
        void* const p = ::mmap(nullptr, reserve, PROT_READ | PROT_WRITE,
                               MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (p == MAP_FAILED)
            fail(controlled(), verdict::not_supported,
                 "no address space for the checker; is it limited (ulimit -v)?");
        next = static_cast<char*>(p);
        end = next + reserve;
    }
    size = (size + 63) & ~std::size_t{63};
    if (size > static_cast<std::size_t>(end - next))
        fail(controlled(), verdict::not_supported, "the checker's memory is used up");
    char* const p = next;
    next += size;
    return p;
}

}  // namespace heddle::inline v0::check::runtime
