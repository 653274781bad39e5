// SPDX-License-Identifier: BSL-1.0
#pragma once

// The memory of the process as it was at one moment, and the way back to it.

#include <cstddef>
#include <cstdint>
#include "arena.hpp"

namespace heddle::inline v0::check::runtime {

/// Lives in memory that it does not cover itself, zero at first, and calls nothing but the kernel, unseen by
/// system_watch.hpp.
///
/// Going back costs a copy of each page that anything has written since, and no page fault. Which pages these
/// are is looked up in the kernel's map of pages, and only if there were faults: a page that the server has
/// too is written for the first time by way of one.
class memory_image {
 public:
    /// Takes it, of everything that the process can write and does not share but for [own, own + size).
    /// @return false if that is too much, or cannot be found out.
    bool take(const void* own, std::size_t size) noexcept;

    /// Makes the memory again what it was. On a stack that the image does not cover. @return false if it
    /// cannot: the memory is half of the one and half of the other then.
    bool restore() noexcept;

    /// The program's break is moved: restore() moves it back. @return false if it cannot, as memory would be
    /// lost.
    bool move_break(std::uintptr_t to) noexcept {
        if (to != 0 && to < break_) return false;
        break_moved_ |= to != 0;
        return true;
    }

 private:
    static constexpr unsigned max_ranges = 1024;
    static constexpr std::size_t max_pages = std::size_t{1} << 25;  // of all ranges; most are never touched
    static constexpr std::size_t max_copies = std::size_t{1} << 14;
    static constexpr std::size_t max_changes = std::size_t{1} << 13;  // with more, a fork is cheaper

    struct range {
        std::uintptr_t begin;
        std::uintptr_t end;
        std::size_t first_page;
        bool of_file;
    };
    struct changed_page {
        std::uintptr_t address;
        const unsigned char* before;  // null: zeros
    };

    bool add(std::uintptr_t begin, std::uintptr_t end, std::uintptr_t limit, bool of_file) noexcept;
    bool add_around(std::uintptr_t begin, std::uintptr_t end, bool of_file) noexcept;
    bool read_ranges() noexcept;
    template <class F> bool for_each_present(F&& f) noexcept;
    bool copy_all() noexcept;
    bool find_changed() noexcept;
    bool note_changed(const range& r, std::uintptr_t address) noexcept;
    unsigned char* copy_of(std::uintptr_t address) noexcept;
    std::uint32_t& page(const range& r, std::uintptr_t address) noexcept {
        return pages_[r.first_page + (address - r.begin) / page_size];
    }

    // What it does not cover: what it is kept in, and the arena, of which it covers what is used.
    std::uintptr_t left_out_[2][2];
    range ranges_[max_ranges];
    unsigned n_ranges_;
    range* arena_;  // grows
    std::uintptr_t break_;
    bool break_moved_;
    std::int64_t faults_;
    std::size_t n_pages_;
    std::size_t n_copies_;
    std::size_t n_changes_;
    changed_page changes_[max_changes];
    std::uint32_t pages_[max_pages];  // `changed`, and the number of its copy plus 1
    alignas(page_size) unsigned char copies_[max_copies][page_size];
};

}  // namespace heddle::inline v0::check::runtime
