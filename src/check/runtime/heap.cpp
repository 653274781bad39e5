// SPDX-License-Identifier: BSL-1.0
// The heap of an instrumented program: giving memory back is a write to all of it, and memory that is given
// out again begins a new life, so that an access of its former owner does not count as a race with one of the
// new.

#include <errno.h>
#include <malloc.h>
#include <algorithm>
#include <cstddef>
#include "detector.hpp"
#include "engine.hpp"

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void __libc_free(void*);
}

using namespace heddle::check;
using namespace heddle::check::runtime;

namespace {
// All of the block, which may be larger than what was asked for.
void* fresh(void* p) noexcept {
    if (p != nullptr && engaged() != nullptr) forget_memory(p, ::malloc_usable_size(p));
    return p;
}

// Of larger blocks only the beginning: looking takes time for every eight bytes.
constexpr std::size_t most_looked_at = 4096;

void given_back(void* p, const void* pc) noexcept {
    thread* const me = engaged();
    if (me == nullptr || p == nullptr) return;
    const std::size_t size = std::min(::malloc_usable_size(p), most_looked_at);
    look_for_race(*me, {.address = p,
                        .pc = pc,
                        .size = static_cast<std::uint32_t>(size),
                        .writes = true,
                        .atomic = false,
                        .frees = true});
}
}  // namespace

HEDDLE_INTERPOSED void free(void* p) {
    given_back(p, HEDDLE_RETURN_ADDRESS);
    __libc_free(p);
}

HEDDLE_INTERPOSED void* malloc(std::size_t size) {
    return fresh(__libc_malloc(size));
}

HEDDLE_INTERPOSED void* calloc(std::size_t n, std::size_t size) {
    return fresh(__libc_calloc(n, size));
}

HEDDLE_INTERPOSED void* realloc(void* old, std::size_t size) {
    return fresh(__libc_realloc(old, size));
}

HEDDLE_INTERPOSED void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return fresh(__libc_memalign(alignment, size));
}

HEDDLE_INTERPOSED void* memalign(std::size_t alignment, std::size_t size) {
    return fresh(__libc_memalign(alignment, size));
}

HEDDLE_INTERPOSED int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
    if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    void* const p = __libc_memalign(alignment, size);
    if (p == nullptr) return ENOMEM;
    *out = fresh(p);
    return 0;
}
