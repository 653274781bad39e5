// SPDX-License-Identifier: BSL-1.0
#include "mappings.hpp"

#include <fcntl.h>
#include <sys/syscall.h>
#include <utility>
#include "system_watch.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

std::uintptr_t hexadecimal(const char*& text) noexcept {
    std::uintptr_t n = 0;
    for (;; ++text) {
        if (*text >= '0' && *text <= '9')
            n = n * 16 + static_cast<std::uintptr_t>(*text - '0');
        else if (*text >= 'a' && *text <= 'f')
            n = n * 16 + static_cast<std::uintptr_t>(*text - 'a') + 10;
        else
            return n;
    }
}

bool begins_with(const char* text, const char* begin) noexcept {
    while (*begin != 0)
        if (*text++ != *begin++) return false;
    return true;
}

}  // namespace

mapping_reader::mapping_reader() noexcept
    : file_(unwatched_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/maps"),
                           O_RDONLY | O_CLOEXEC)) {}

mapping_reader::~mapping_reader() {
    if (file_ >= 0) unwatched_call(SYS_close, file_);
}

int mapping_reader::get() noexcept {
    if (at_ == filled_) {
        const long n =
            file_ < 0 ? -1 : unwatched_call(SYS_read, file_, reinterpret_cast<long>(buffer_), sizeof buffer_);
        if (n < 0) failed_ = true;
        if (n <= 0) return -1;
        filled_ = static_cast<std::uint32_t>(n);
        at_ = 0;
    }
    return buffer_[at_++];
}

// What is longer than a line can hold is the end of a file's name.
bool mapping_reader::next_line() noexcept {
    std::size_t n = 0;
    for (int c = get(); c >= 0; c = get()) {
        if (c == '\n') {
            line_[n] = 0;
            return true;
        }
        if (n + 1 < sizeof line_) line_[n++] = static_cast<char>(c);
    }
    return false;
}

// "begin-end rw-p offset device inode    name"
bool mapping_reader::next(mapping& m) noexcept {
    while (next_line()) {
        const char* at = line_;
        m.begin = hexadecimal(at);
        m.end = hexadecimal(++at);
        m.before = std::exchange(end_before_, m.end);
        if (at[2] != 'w' || at[4] != 'p') continue;
        for (int column = 0; column < 4; ++column)
            while (*++at != ' ' && *at != 0) {
            }
        while (*at == ' ') ++at;
        m.what = begins_with(at, "[stack]") ? mapping::main_stack
                 : *at == '/'               ? mapping::of_file
                                            : mapping::anonymous;
        return true;
    }
    return false;
}

}  // namespace heddle::inline v0::check::runtime
