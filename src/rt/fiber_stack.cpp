// SPDX-License-Identifier: BSL-1.0
#include "fiber_stack.hpp"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <heddle/rt/error.hpp>
#include <heddle/rt/word_lock.hpp>
#include <mutex>
#include <new>
#include <optional>
#include "fiber_sanitizer.hpp"

namespace heddle::inline v0::rt::detail {

namespace {

constexpr std::size_t least_stack = std::size_t{16} << 10;
constexpr std::size_t least_guard = std::size_t{64} << 10;

// Per size of stack: how many are kept with a little memory, and how many more are kept with only their first
// pages.
constexpr std::size_t keep_warm = 128;
constexpr std::size_t keep_trimmed = 4096;
constexpr std::size_t trimmed_to = std::size_t{8} << 10;
constexpr std::size_t warm_to = std::size_t{64} << 10;

// A stack is used from its top down, so one that went deep has hardly left out a whole page on its way. One
// that has never been written reads as zeros, from a page that all share, and costs no memory by that. Some
// tens of nanoseconds; asking the kernel takes ten times that.
#if defined(__clang__)
[[clang::no_sanitize("address", "thread")]]
#else
[[gnu::no_sanitize("address"), gnu::no_sanitize("thread")]]
#endif
bool written(const std::byte* page) noexcept {
    const auto* const word = reinterpret_cast<const volatile std::uint64_t*>(page);
    std::uint64_t any = 0;
    for (std::size_t i = 0; i < 4096 / sizeof any; i += 4)
        any |= word[i] | word[i + 1] | word[i + 2] | word[i + 3];
    return any != 0;
}

// Kept stacks are linked through their last words, which a trimmed one still has.
struct link {
    link* next;
};
constexpr std::size_t link_room = 64;

struct shelf {
    link* first = nullptr;
    std::size_t count = 0;

    void push(std::byte* top) noexcept {
        first = ::new (top - link_room) link{first};
        ++count;
    }
    std::byte* pop() noexcept {
        if (first == nullptr) return nullptr;
        auto* const top = reinterpret_cast<std::byte*>(first) + link_room;
        first = first->next;
        --count;
        return top;
    }
};

// A program uses one or two sizes of stack. The ninth is not kept.
struct size_class {
    std::size_t size = 0;  // 0: not yet in use
    std::size_t guard = 0;
    shelf warm;
    shelf trimmed;
};

constinit word_lock lock;
constinit std::array<size_class, 8> classes{};

// Holding the lock over the fork keeps the child from inheriting it locked, or the lists half changed.
const int at_fork = ::pthread_atfork([] { lock.lock(); }, [] { lock.unlock(); }, [] { lock.unlock(); });

size_class* class_of(std::size_t size, std::size_t guard) noexcept {
    for (auto& c : classes) {
        if (c.size == 0) {
            c.size = size;
            c.guard = guard;
        }
        if (c.size == size && c.guard == guard) return &c;
    }
    return nullptr;
}

std::size_t whole_pages(std::size_t n, std::size_t least) {
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    n = std::max(n, least);
    const std::size_t up = n + (page - 1);
    return up < n ? n / page * page
                  : up / page * page;  // a size that cannot be rounded cannot be mapped either
}

bool make_guard(const fiber_stack& s) noexcept {
    // Since Linux 6.13 a guard can be a property of the page table. It costs no mapping of its own, of which
    // a process may have 65530: with mprotect that limit comes at half as many fibers. A kernel that does not
    // know it, or a process that locks its memory, gets EINVAL.
    constexpr int guard_install = 102;  // MADV_GUARD_INSTALL, not in all headers yet
    return ::madvise(s.low, s.guard, guard_install) == 0 || ::mprotect(s.low, s.guard, PROT_NONE) == 0;
}

[[noreturn]] void refuse(int code, const fiber_options& wanted, std::size_t size) {
    std::string what =
        "cannot map a stack of " + std::to_string(size >> 10) + " KB for fiber '" + wanted.name + "'";
    if (code == ENOMEM) what += " (is vm.max_map_count or a memory limit reached?)";
    throw_system_error(code, what);
}

fiber_stack map_stack(const fiber_options& wanted, std::size_t size, std::size_t guard) {
    const std::size_t whole = size + guard;
    if (whole < size) refuse(ENOMEM, wanted, size);
    void* const low = ::mmap(nullptr, whole, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    if (low == MAP_FAILED) refuse(errno, wanted, size);
    const fiber_stack s{static_cast<std::byte*>(low), guard, size};
    // A huge page would give 2 MB to a stack that needs 4 KB. Kernels before 6.7 do not conclude that from
    // MAP_STACK.
    ::madvise(low, whole, MADV_NOHUGEPAGE);
    if (!make_guard(s)) {
        const int code = errno;
        ::munmap(low, whole);
        refuse(code, wanted, size);
    }
    return s;
}

void unmap(const fiber_stack& s) noexcept {
    ::munmap(s.low, s.guard + s.size);
}

bool keep(const fiber_stack& s, shelf size_class::* where, std::size_t limit) noexcept {
    std::lock_guard hold(lock);
    size_class* const c = class_of(s.size, s.guard);
    if (c == nullptr || (c->*where).count >= limit) return false;
    (c->*where).push(s.top());
    return true;
}

std::byte* take_kept(std::size_t size, std::size_t guard) noexcept {
    std::lock_guard hold(lock);
    size_class* const c = class_of(size, guard);
    if (c == nullptr) return nullptr;
    std::byte* const top = c->warm.pop();
    return top != nullptr ? top : c->trimmed.pop();
}

}  // namespace

fiber_stack take_stack(const fiber_options& wanted) {
    const std::size_t size = whole_pages(wanted.stack_size, least_stack);
    const std::size_t guard = whole_pages(wanted.guard_size, least_guard);
    std::byte* const top = take_kept(size, guard);
    const fiber_stack s =
        top != nullptr ? fiber_stack{top - size - guard, guard, size} : map_stack(wanted, size, guard);
    sanitizer_stack_in_use(s);
    return s;
}

void trim_stack(const fiber_stack& s, const std::byte* used) noexcept {
    static const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
    // The page that is in use, and what a system call or a signal handler may write below it, stay.
    auto deep = static_cast<std::size_t>(s.top() - used) + page;
    deep = whole_pages(deep, warm_to);
    if (deep + page >= s.size || !written(s.top() - deep - page)) return;
    ::madvise(s.bottom(), s.size - deep, MADV_DONTNEED);
}

void give_stack(const fiber_stack& s) noexcept {
    sanitizer_stack_left(s);
    trim_stack(s, s.top());
    if (keep(s, &size_class::warm, keep_warm)) return;
    if (::madvise(s.bottom(), s.size - trimmed_to, MADV_DONTNEED) == 0 &&
        keep(s, &size_class::trimmed, keep_trimmed))
        return;
    unmap(s);
}

}  // namespace heddle::inline v0::rt::detail
