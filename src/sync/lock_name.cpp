// SPDX-License-Identifier: BSL-1.0
#include <pthread.h>
#include <cstdio>
#include <cstdlib>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/sync/detail/lock_name.hpp>
#include <mutex>
#include <new>
#include <vector>

namespace heddle::inline v0::detail {

namespace {

struct name_table {
    std::vector<const char*> names;     // by index - 1
    std::vector<std::uint32_t> unused;  // never needs more room than names has
};

constinit rt::word_lock table_lock;

// Made on first use and never destroyed: a static lock may be named before main and go away after it.
name_table& table() {
    static auto* const t = new name_table;
    return *t;
}

const int at_fork = ::pthread_atfork([] { table_lock.lock(); }, [] { table_lock.unlock(); },
                                     [] { new (&table_lock) rt::word_lock; });

}  // namespace

lock_name::lock_name(const char* name) noexcept {
    if (name == nullptr) return;
    try {
        const std::lock_guard guard(table_lock);
        name_table& t = table();
        if (t.unused.empty()) {
            t.unused.reserve(t.names.size() + 1);
            t.names.push_back(name);
            index_ = static_cast<std::uint32_t>(t.names.size());
        } else {
            index_ = t.unused.back();
            t.unused.pop_back();
            t.names[index_ - 1] = name;
        }
    } catch (const std::bad_alloc&) {
    }
}

void lock_name::forget() noexcept {
    const std::lock_guard guard(table_lock);
    table().unused.push_back(index_);  // reserved when the index was given out
}

const char* lock_name::get() const noexcept {
    if (index_ == 0) return nullptr;
    const std::lock_guard guard(table_lock);
    return table().names[index_ - 1];
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
