// SPDX-License-Identifier: BSL-1.0
// The functions of libc that copy, fill, compare and measure memory. g++ leaves calls of them as they are, so
// that -fsanitize=thread does not see what they access; clang does so for strings. Only calls from
// instrumented code, and from the C++ library on its behalf, are looked at: whoever else calls them may have
// locks of its own kind.

#include <cstring>
#include "instrumented.hpp"
#include "memory.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<void*(void*, const void*, std::size_t)> real_memcpy("memcpy");
HEDDLE_REAL real_function<void*(void*, const void*, std::size_t)> real_mempcpy("mempcpy");
HEDDLE_REAL real_function<void*(void*, const void*, std::size_t)> real_memmove("memmove");
HEDDLE_REAL real_function<void*(void*, int, std::size_t)> real_memset("memset");
HEDDLE_REAL real_function<int(const void*, const void*, std::size_t)> real_memcmp("memcmp");
HEDDLE_REAL real_function<int(const void*, const void*, std::size_t)> real_bcmp("bcmp");
HEDDLE_REAL real_function<std::size_t(const char*)> real_strlen("strlen");
HEDDLE_REAL real_function<int(const char*, const char*)> real_strcmp("strcmp");
HEDDLE_REAL real_function<int(const char*, const char*, std::size_t)> real_strncmp("strncmp");
HEDDLE_REAL real_function<char*(char*, const char*)> real_strcpy("strcpy");
HEDDLE_REAL real_function<char*(char*, const char*)> real_stpcpy("stpcpy");
HEDDLE_REAL real_function<char*(char*, const char*, std::size_t)> real_strncpy("strncpy");
HEDDLE_REAL real_function<char*(char*, const char*)> real_strcat("strcat");
// As these are called with -D_FORTIFY_SOURCE: the last argument is the size of what is written to.
HEDDLE_REAL real_function<void*(void*, const void*, std::size_t, std::size_t)> real_memcpy_chk(
    "__memcpy_chk");
HEDDLE_REAL real_function<void*(void*, const void*, std::size_t, std::size_t)> real_memmove_chk(
    "__memmove_chk");
HEDDLE_REAL real_function<void*(void*, int, std::size_t, std::size_t)> real_memset_chk("__memset_chk");
HEDDLE_REAL real_function<char*(char*, const char*, std::size_t)> real_strcpy_chk("__strcpy_chk");
HEDDLE_REAL real_function<char*(char*, const char*, std::size_t, std::size_t)> real_strncpy_chk(
    "__strncpy_chk");
HEDDLE_REAL real_function<char*(char*, const char*, std::size_t)> real_strcat_chk("__strcat_chk");

// Whether a call that returns to `pc` is looked at. Most calls are not: this comes first and is short.
bool looks(const void* pc) noexcept {
    return current_thread != nullptr && program_is_instrumented && is_instrumented(bits(pc));
}

void reads(const void* from, std::size_t n, const void* pc) noexcept {
    touch_range(from, n, false, pc, true);
}
void writes(const void* to, std::size_t n, const void* pc) noexcept {
    touch_range(to, n, true, pc, true);
}

// A copy reads before it writes; another thread may go on in between.
void copies(void* to, const void* from, std::size_t n, const void* pc) noexcept {
    if (!looks(pc)) return;
    reads(from, n, pc);
    writes(to, n, pc);
}

// How far two strings are looked at until they differ.
std::size_t until_different(const char* a, const char* b, std::size_t limit) noexcept {
    std::size_t n = 0;
    while (n < limit && a[n] == b[n] && a[n] != 0) ++n;
    return n < limit ? n + 1 : n;
}

void compares(const void* a, const void* b, std::size_t n, const void* pc) noexcept {
    reads(a, n, pc);
    reads(b, n, pc);
}

std::size_t length(const char* text, std::size_t limit) noexcept {
    std::size_t n = 0;
    while (n < limit && text[n] != 0) ++n;
    return n < limit ? n + 1 : n;
}

void copies_text(char* to, const char* from, const void* pc) noexcept {
    if (looks(pc)) copies(to, from, real_strlen(from) + 1, pc);
}

void copies_field(char* to, const char* from, std::size_t n, const void* pc) noexcept {
    if (!looks(pc)) return;
    reads(from, length(from, n), pc);
    writes(to, n, pc);
}

void appends_text(char* to, const char* from, const void* pc) noexcept {
    if (!looks(pc)) return;
    const std::size_t before = real_strlen(to);
    reads(to, before + 1, pc);
    copies(to + before, from, real_strlen(from) + 1, pc);
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check::runtime;

HEDDLE_INTERPOSED void* memcpy(void* to, const void* from, std::size_t n) noexcept {
    copies(to, from, n, HEDDLE_RETURN_ADDRESS);
    return real_memcpy(to, from, n);
}

HEDDLE_INTERPOSED void* mempcpy(void* to, const void* from, std::size_t n) noexcept {
    copies(to, from, n, HEDDLE_RETURN_ADDRESS);
    return real_mempcpy(to, from, n);
}

HEDDLE_INTERPOSED void* memmove(void* to, const void* from, std::size_t n) noexcept {
    copies(to, from, n, HEDDLE_RETURN_ADDRESS);
    return real_memmove(to, from, n);
}

HEDDLE_INTERPOSED void* memset(void* to, int value, std::size_t n) noexcept {
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    if (looks(pc)) writes(to, n, pc);
    return real_memset(to, value, n);
}

HEDDLE_INTERPOSED int memcmp(const void* a, const void* b, std::size_t n) noexcept {
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    if (looks(pc)) compares(a, b, n, pc);
    return real_memcmp(a, b, n);
}

HEDDLE_INTERPOSED int bcmp(const void* a, const void* b, std::size_t n) noexcept {
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    if (looks(pc)) compares(a, b, n, pc);
    return real_bcmp(a, b, n);
}

HEDDLE_INTERPOSED std::size_t strlen(const char* text) noexcept {
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    if (looks(pc)) reads(text, real_strlen(text) + 1, pc);
    return real_strlen(text);
}

HEDDLE_INTERPOSED int strcmp(const char* a, const char* b) noexcept {
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    if (looks(pc)) compares(a, b, until_different(a, b, ~std::size_t{0}), pc);
    return real_strcmp(a, b);
}

HEDDLE_INTERPOSED int strncmp(const char* a, const char* b, std::size_t n) noexcept {
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    if (looks(pc)) compares(a, b, until_different(a, b, n), pc);
    return real_strncmp(a, b, n);
}

HEDDLE_INTERPOSED char* strcpy(char* to, const char* from) noexcept {
    copies_text(to, from, HEDDLE_RETURN_ADDRESS);
    return real_strcpy(to, from);
}

HEDDLE_INTERPOSED char* stpcpy(char* to, const char* from) noexcept {
    copies_text(to, from, HEDDLE_RETURN_ADDRESS);
    return real_stpcpy(to, from);
}

HEDDLE_INTERPOSED char* strncpy(char* to, const char* from, std::size_t n) noexcept {
    copies_field(to, from, n, HEDDLE_RETURN_ADDRESS);
    return real_strncpy(to, from, n);
}

HEDDLE_INTERPOSED char* strcat(char* to, const char* from) noexcept {
    appends_text(to, from, HEDDLE_RETURN_ADDRESS);
    return real_strcat(to, from);
}

HEDDLE_INTERPOSED void* __memcpy_chk(void* to, const void* from, std::size_t n, std::size_t size) noexcept {
    copies(to, from, n, HEDDLE_RETURN_ADDRESS);
    return real_memcpy_chk(to, from, n, size);
}

HEDDLE_INTERPOSED void* __memmove_chk(void* to, const void* from, std::size_t n, std::size_t size) noexcept {
    copies(to, from, n, HEDDLE_RETURN_ADDRESS);
    return real_memmove_chk(to, from, n, size);
}

HEDDLE_INTERPOSED void* __memset_chk(void* to, int value, std::size_t n, std::size_t size) noexcept {
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    if (looks(pc)) writes(to, n, pc);
    return real_memset_chk(to, value, n, size);
}

HEDDLE_INTERPOSED char* __strcpy_chk(char* to, const char* from, std::size_t size) noexcept {
    copies_text(to, from, HEDDLE_RETURN_ADDRESS);
    return real_strcpy_chk(to, from, size);
}

HEDDLE_INTERPOSED char* __strncpy_chk(char* to, const char* from, std::size_t n, std::size_t size) noexcept {
    copies_field(to, from, n, HEDDLE_RETURN_ADDRESS);
    return real_strncpy_chk(to, from, n, size);
}

HEDDLE_INTERPOSED char* __strcat_chk(char* to, const char* from, std::size_t size) noexcept {
    appends_text(to, from, HEDDLE_RETURN_ADDRESS);
    return real_strcat_chk(to, from, size);
}
