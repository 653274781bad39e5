// SPDX-License-Identifier: BSL-1.0
#include "image.hpp"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <iterator>
#include "mappings.hpp"
#include "system_watch.hpp"

#if defined(__x86_64__)  // as system_watch.cpp, without which there is nothing to go back to

namespace heddle::inline v0::check::runtime {

namespace {

// Of an entry of /proc/self/pagemap.
constexpr std::uint64_t present = std::uint64_t{1} << 63;
constexpr std::uint64_t swapped = std::uint64_t{1} << 62;
constexpr std::uint64_t shared_or_of_file = std::uint64_t{1} << 61;
constexpr std::uint64_t only_here = std::uint64_t{1} << 56;

// How far the main thread's stack may grow, or 0 if it may grow further than can be looked at.
std::uintptr_t stack_limit() noexcept {
    constexpr std::uintptr_t longest = std::uintptr_t{64} << 20;
    rlimit limit{};
    unwatched_call(SYS_prlimit64, 0, RLIMIT_STACK, 0, reinterpret_cast<long>(&limit));
    return limit.rlim_cur > longest ? 0 : limit.rlim_cur / page_size * page_size;
}

constexpr std::uint32_t changed = 1u << 31;  // of a page's state

constexpr std::uintptr_t page_end(std::uintptr_t address) noexcept {
    return (address + page_size - 1) / page_size * page_size;
}

// Not memcpy() and memset(): by these names the program may have functions of its own, and the runtime has.
void copy_page(void* to, const void* from) noexcept {
    std::size_t words = page_size / 8;
    __asm__ volatile("rep movsq" : "+D"(to), "+S"(from), "+c"(words) : : "memory");
}

void clear_page(void* to) noexcept {
    std::size_t words = page_size / 8;
    __asm__ volatile("rep stosq" : "+D"(to), "+c"(words) : "a"(0) : "memory");
}

std::int64_t faults() noexcept {
    rusage usage{};
    unwatched_call(SYS_getrusage, RUSAGE_SELF, reinterpret_cast<long>(&usage));
    return usage.ru_minflt + usage.ru_majflt;
}

}  // namespace

bool memory_image::take(const void* own, std::size_t size) noexcept {
    left_out_[0][0] = reinterpret_cast<std::uintptr_t>(own);
    left_out_[0][1] = left_out_[0][0] + size;
    const memory_of_arena all = arena_memory();
    left_out_[1][0] = reinterpret_cast<std::uintptr_t>(all.begin);
    left_out_[1][1] = reinterpret_cast<std::uintptr_t>(all.end);
    faults_ = -1;  // what was written since the fork is looked up at the first restore()
    return read_ranges() && copy_all();
}

bool memory_image::add(std::uintptr_t begin, std::uintptr_t end, std::uintptr_t limit,
                       bool of_file) noexcept {
    const std::size_t pages = (limit - begin) / page_size;
    if (n_ranges_ == max_ranges || max_pages - n_pages_ < pages) return false;
    ranges_[n_ranges_++] = {begin, end, n_pages_, of_file};
    n_pages_ += pages;
    return true;
}

// The kernel joins mappings that are next to each other: what is left out can be in the middle.
bool memory_image::add_around(std::uintptr_t begin, std::uintptr_t end, bool of_file) noexcept {
    for (const auto& [from, to] : left_out_) {
        if (to <= begin || end <= from) continue;
        return (begin >= from || add_around(begin, from, of_file)) &&
               (end <= to || add_around(to, end, of_file));
    }
    return add(begin, end, end, of_file);
}

bool memory_image::read_ranges() noexcept {
    break_ = static_cast<std::uintptr_t>(unwatched_call(SYS_brk, 0));
    const std::uintptr_t stack_room = stack_limit();
    if (stack_room == 0) return false;
    mapping_reader all;
    for (mapping m; all.next(m);) {
        if (m.what == mapping::main_stack)
            m.begin = m.end - m.before < stack_room ? m.before : m.end - stack_room;
        if (!add_around(m.begin, m.end, m.what == mapping::of_file)) return false;
    }
    if (!all.good()) return false;
    arena_ = ranges_ + n_ranges_;
    return add(left_out_[1][0], left_out_[1][0], left_out_[1][1], false);
}

// Calls `f` with each page that is in memory, its range, and the kernel's entry, until `f` says no.
template <class F> bool memory_image::for_each_present(F&& f) noexcept {
    arena_->end = page_end(reinterpret_cast<std::uintptr_t>(arena_memory().used));
    const long file = unwatched_call(SYS_openat, AT_FDCWD, reinterpret_cast<long>("/proc/self/pagemap"),
                                     O_RDONLY | O_CLOEXEC);
    if (file < 0) return false;
    const auto look_at = [&](const range& r) {
        std::uint64_t entries[512];
        for (std::uintptr_t at = r.begin; at < r.end;) {
            std::size_t n = (r.end - at) / page_size;
            if (n > std::size(entries)) n = std::size(entries);
            const long size = static_cast<long>(n * sizeof entries[0]);
            const long offset = static_cast<long>(at / page_size * sizeof entries[0]);
            if (unwatched_call(SYS_pread64, file, reinterpret_cast<long>(entries), size, offset) != size)
                return false;
            for (std::size_t i = 0; i < n; ++i, at += page_size) {
                const bool in_memory =
                    (entries[i] & (present | swapped)) != 0 && (entries[i] & shared_or_of_file) == 0;
                if (in_memory && !f(r, at, entries[i])) return false;
            }
        }
        return true;
    };
    bool all = true;
    for (unsigned i = 0; all && i < n_ranges_; ++i) all = look_at(ranges_[i]);
    unwatched_call(SYS_close, file);
    return all;
}

// @return null if there is no room
unsigned char* memory_image::copy_of(std::uintptr_t address) noexcept {
    if (n_copies_ == max_copies) return nullptr;
    unsigned char* const copy = copies_[n_copies_++];
    copy_page(copy, reinterpret_cast<const void*>(address));
    return copy;
}

bool memory_image::copy_all() noexcept {
    return for_each_present([&](const range& r, std::uintptr_t address, std::uint64_t) {
        if (copy_of(address) == nullptr) return false;
        page(r, address) = static_cast<std::uint32_t>(n_copies_);
        return true;
    });
}

bool memory_image::note_changed(const range& r, std::uintptr_t address) noexcept {
    std::uint32_t& state = page(r, address);
    const unsigned char* before = state != 0 ? copies_[state - 1] : nullptr;
    if (state == 0 && r.of_file) {
        // It was as it is in the file, and without its copy it is so again.
        if (unwatched_call(SYS_madvise, static_cast<long>(address), page_size, MADV_DONTNEED) != 0)
            return false;
        before = copy_of(address);
        if (before == nullptr) return false;
        state = static_cast<std::uint32_t>(n_copies_);
    }
    if (n_changes_ == max_changes) return false;
    changes_[n_changes_++] = {address, before};
    state |= changed;
    return true;
}

bool memory_image::find_changed() noexcept {
    return for_each_present([&](const range& r, std::uintptr_t address, std::uint64_t entry) {
        const bool written = (entry & (only_here | swapped)) != 0;
        return !written || (page(r, address) & changed) != 0 || note_changed(r, address);
    });
}

bool memory_image::restore() noexcept {
    // What the heap got since is gone then.
    if (break_moved_) unwatched_call(SYS_brk, static_cast<long>(break_));
    break_moved_ = false;
    if (faults() != faults_ && !find_changed()) return false;
    for (std::size_t i = 0; i < n_changes_; ++i) {
        void* const page = reinterpret_cast<void*>(changes_[i].address);
        if (changes_[i].before != nullptr)
            copy_page(page, changes_[i].before);
        else
            clear_page(page);
    }
    faults_ = faults();
    return true;
}

}  // namespace heddle::inline v0::check::runtime

#endif
