// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <atomic>
#include <bit>
#include <cstdio>
#include <cstdlib>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <mutex>
#include <new>
#include "rt/process_wide.hpp"

namespace heddle::inline v0::detail {

/// The names of all locks of the process, by index from 1. Made on first use and never destroyed: a static
/// lock may be named before main and go away after it.
///
/// Invariant: an entry belongs to a lock, or is in the list of those that are free, or (only in the child of
/// a fork) to nobody. All but get() happens under the_process.naming, and in such an order that a child that
/// is forked in between finds at worst an entry that belongs to nobody: it is taken from the list before it
/// is used, and prepared before it is put there. So nothing has to be done at a fork.
struct name_table {
    struct entry {
        std::atomic<const char*> name;
        std::uint32_t next_free;
    };
    static constexpr std::uint32_t first_chunk = 64;

    // Chunk k has first_chunk << k entries, so that entries stay where they are and can be read without the
    // lock.
    std::array<std::atomic<entry*>, 26> chunks{};
    std::uint32_t used = 0;
    std::atomic<std::uint32_t> first_free{0};  // 0: none

    static std::uint32_t chunk_of(std::uint32_t index) noexcept {
        return static_cast<std::uint32_t>(std::bit_width((index - 1) / first_chunk + 1)) - 1;
    }
    entry& at(std::uint32_t index) noexcept {
        const std::uint32_t chunk = chunk_of(index);
        // acquire: pairs with the release in add(), for get() by one who has only been shown the lock.
        return chunks[chunk].load(std::memory_order_acquire)[index - 1 - first_chunk * ((1U << chunk) - 1)];
    }
    /// An entry that was never used; 0 if there is no memory.
    std::uint32_t add() noexcept {
        const std::uint32_t chunk = chunk_of(used + 1);
        if (chunk == chunks.size()) return 0;
        if (chunks[chunk].load(std::memory_order_relaxed) == nullptr) {
            auto* const made = new (std::nothrow) entry[std::size_t{first_chunk} << chunk]();
            if (made == nullptr) return 0;
            chunks[chunk].store(made, std::memory_order_release);
        }
        return ++used;
    }
};

namespace {

constexpr auto& process = rt::detail::the_process;

}  // namespace

lock_name::lock_name(const char* name) noexcept {
    if (name == nullptr) return;
    const std::lock_guard guard(process.naming);
    name_table* t = process.names.load(std::memory_order_relaxed);
    if (t == nullptr) {
        t = new (std::nothrow) name_table;
        if (t == nullptr) return;
        process.names.store(t, std::memory_order_release);
    }
    // release: see the invariant about forks.
    if ((index_ = t->first_free.load(std::memory_order_relaxed)) != 0)
        t->first_free.store(t->at(index_).next_free, std::memory_order_release);
    else if ((index_ = t->add()) == 0)
        return;
    t->at(index_).name.store(name, std::memory_order_relaxed);
}

void lock_name::forget() noexcept {
    const std::lock_guard guard(process.naming);
    name_table& t = *process.names.load(std::memory_order_relaxed);
    t.at(index_).name.store(nullptr, std::memory_order_relaxed);
    t.at(index_).next_free = t.first_free.load(std::memory_order_relaxed);
    t.first_free.store(index_, std::memory_order_release);
}

const char* lock_name::get() const noexcept {
    if (index_ == 0) return nullptr;
    return process.names.load(std::memory_order_acquire)->at(index_).name.load(std::memory_order_relaxed);
}

void check_nobody_waits(const char* kind, const char* name, const void* address) noexcept {
    const std::string who = rt::parking_lot::first_waiting(address);
    if (who.empty()) return;
    std::fprintf(stderr, "heddle: the %s %s%s%sis destroyed while task '%s' waits at it\n", kind,
                 name != nullptr ? "'" : "", name != nullptr ? name : "", name != nullptr ? "' " : "",
                 who.c_str());
    std::abort();
}

}  // namespace heddle::inline v0::detail
