// SPDX-License-Identifier: BSL-1.0
// What the runtime allocates by itself, which is little: apart from the program's heap, whose addresses must
// not depend on how a schedule is chosen.

#include <cstddef>
#include <new>
#include "arena.hpp"

using heddle::check::runtime::from_arena;

void* operator new(std::size_t size) {
    return from_arena(size);
}
void operator delete(void*) noexcept {}
void operator delete(void*, std::size_t) noexcept {}
