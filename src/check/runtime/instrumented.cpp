// SPDX-License-Identifier: BSL-1.0
#include "instrumented.hpp"

#include <link.h>
#include <cstring>

namespace heddle::inline v0::check::runtime {

constinit bool program_is_instrumented = false;

namespace {

struct range {
    std::uint64_t begin;
    std::uint64_t end;
};

// One for each file; grows while one thread loads them, read by all. The ranges are written before their
// number.
constexpr unsigned most = 128;
constinit range ranges[most]{};
constinit unsigned n_ranges = 0;

range range_of(const dl_phdr_info& file) noexcept {
    range r{~std::uint64_t{0}, 0};
    for (unsigned i = 0; i < file.dlpi_phnum; ++i) {
        const auto& part = file.dlpi_phdr[i];
        if (part.p_type != PT_LOAD) continue;
        const std::uint64_t begin = file.dlpi_addr + part.p_vaddr;
        if (begin < r.begin) r.begin = begin;
        if (begin + part.p_memsz > r.end) r.end = begin + part.p_memsz;
    }
    return r;
}

bool is_cxx_library(const char* file) noexcept {
    return std::strstr(file, "libstdc++.so") != nullptr || std::strstr(file, "libc++.so") != nullptr;
}

int note_file(dl_phdr_info* file, std::size_t, void* p) noexcept {
    const std::uint64_t pc = reinterpret_cast<std::uint64_t>(p);
    const range r = range_of(*file);
    const bool wanted = (pc >= r.begin && pc < r.end) || is_cxx_library(file->dlpi_name);
    if (wanted && !is_instrumented(r.begin) && n_ranges < most) {
        ranges[n_ranges] = r;
        // Release: pairs with the load in is_instrumented().
        __atomic_store_n(&n_ranges, n_ranges + 1, __ATOMIC_RELEASE);
    }
    return 0;
}

}  // namespace

void note_instrumented(const void* pc) noexcept {
    program_is_instrumented = true;
    // Each source file has a constructor that calls this.
    if (!is_instrumented(reinterpret_cast<std::uint64_t>(pc)))
        ::dl_iterate_phdr(&note_file, const_cast<void*>(pc));
}

bool is_instrumented(std::uint64_t pc) noexcept {
    const unsigned n = __atomic_load_n(&n_ranges, __ATOMIC_ACQUIRE);
    for (unsigned i = 0; i < n; ++i)
        if (pc >= ranges[i].begin && pc < ranges[i].end) return true;
    return false;
}

}  // namespace heddle::inline v0::check::runtime
