// SPDX-License-Identifier: BSL-1.0
// The heap of an instrumented program: memory that is given out again begins a new life, so that an access of
// its former owner does not count as a race with one of the new.

#include <errno.h>
#include <cstddef>
#include "detector.hpp"
#include "engine.hpp"

extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
}

using namespace heddle::check;
using namespace heddle::check::runtime;

namespace {
void* fresh(void* p, std::size_t size) noexcept {
    if (p != nullptr && controlled() != nullptr) forget_memory(p, size);
    return p;
}
}  // namespace

HEDDLE_INTERPOSED void* malloc(std::size_t size) {
    return fresh(__libc_malloc(size), size);
}

HEDDLE_INTERPOSED void* calloc(std::size_t n, std::size_t size) {
    return fresh(__libc_calloc(n, size), n * size);
}

HEDDLE_INTERPOSED void* realloc(void* old, std::size_t size) {
    return fresh(__libc_realloc(old, size), size);
}

HEDDLE_INTERPOSED void* aligned_alloc(std::size_t alignment, std::size_t size) {
    return fresh(__libc_memalign(alignment, size), size);
}

HEDDLE_INTERPOSED void* memalign(std::size_t alignment, std::size_t size) {
    return fresh(__libc_memalign(alignment, size), size);
}

HEDDLE_INTERPOSED int posix_memalign(void** out, std::size_t alignment, std::size_t size) {
    if (alignment % sizeof(void*) != 0 || (alignment & (alignment - 1)) != 0) return EINVAL;
    void* const p = __libc_memalign(alignment, size);
    if (p == nullptr) return ENOMEM;
    *out = fresh(p, size);
    return 0;
}
