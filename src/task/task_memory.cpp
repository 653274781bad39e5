// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <heddle/rt/word_lock.hpp>
#include <heddle/task/task_memory.hpp>
#include <mutex>
#include <new>
#include <utility>

// The sanitizers, and the checker, are to see every use of a block that was given back.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define HEDDLE_PLAIN_MEMORY 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define HEDDLE_PLAIN_MEMORY 1
#endif
#endif

namespace heddle::inline v0::detail {

#if defined(HEDDLE_PLAIN_MEMORY)

void* take_block(std::size_t size) {
    return ::operator new(size);
}
void give_block(void* block, std::size_t size) noexcept {
    ::operator delete(block, size);
}

#else

namespace {

// Blocks are whole cache lines. What is larger than the largest is not kept.
constexpr std::size_t line = 64;
constexpr std::size_t classes = 12;
// A thread that gives back what another takes passes on whole batches, so the lock is taken once for many.
constexpr unsigned batch = 32;
constexpr unsigned most_batches = 512;  // kept per class

struct block {
    block* next;
    block* next_batch;
};

struct shelf {
    rt::word_lock lock;
    block* batches = nullptr;
    unsigned count = 0;
};
constinit std::array<shelf, classes> shelves{};

struct pile {
    block* first = nullptr;
    unsigned count = 0;
};

constexpr std::align_val_t aligned{line};

void free_all(block* b) noexcept {
    while (b != nullptr) ::operator delete(std::exchange(b, b->next), aligned);
}

// Keeps a list of blocks for all threads, or frees it.
void put(std::size_t of, block* list) noexcept {
    shelf& s = shelves[of];
    {
        std::lock_guard guard(s.lock);
        if (s.count < most_batches) {
            list->next_batch = s.batches;
            s.batches = list;
            ++s.count;
            return;
        }
    }
    free_all(list);
}

block* get(std::size_t of) noexcept {
    shelf& s = shelves[of];
    std::lock_guard guard(s.lock);
    block* const list = s.batches;
    if (list != nullptr) {
        s.batches = list->next_batch;
        --s.count;
    }
    return list;
}

// Two piles of each class: one that is used, and a full one, so that taking and giving at the edge of a batch
// does not go to the shelf each time.
struct piles {
    std::array<pile, classes> used;
    std::array<block*, classes> full{};
    bool ended = false;

    ~piles() {
        ended = true;  // other objects of the thread may still give blocks back
        for (std::size_t i = 0; i < classes; ++i) {
            free_all(std::exchange(used[i].first, nullptr));
            if (full[i] != nullptr) put(i, std::exchange(full[i], nullptr));
        }
    }
};

// Not inlined: a fiber that calls this may have changed threads since it last did.
[[gnu::noinline]] piles& mine() noexcept {
    static thread_local piles p;
    return p;
}

std::size_t class_of(std::size_t size) noexcept {
    return (size - 1) / line;
}

}  // namespace

void* take_block(std::size_t size) {
    const std::size_t of = class_of(size);
    if (of >= classes) return ::operator new(size, aligned);
    piles& p = mine();
    pile& u = p.used[of];
    if (u.first == nullptr && !p.ended) {
        u.first = std::exchange(p.full[of], nullptr);
        if (u.first == nullptr) u.first = get(of);
        // A list from the shelf has at most a batch; counting too many only sends it back earlier.
        u.count = u.first != nullptr ? batch : 0;
    }
    if (u.first == nullptr) return ::operator new((of + 1) * line, aligned);
    block* const b = u.first;
    u.first = b->next;
    // Who gave it back may have been another thread, whose cache it is in: the next one is fetched while the
    // caller fills this one.
    __builtin_prefetch(u.first, 1);
    if (u.count > 0) --u.count;
    return b;
}

void give_block(void* memory, std::size_t size) noexcept {
    const std::size_t of = class_of(size);
    if (of >= classes) {
        ::operator delete(memory, aligned);
        return;
    }
    piles& p = mine();
    if (p.ended) {
        ::operator delete(memory, aligned);
        return;
    }
    pile& u = p.used[of];
    if (u.count >= batch) {
        block* const full = std::exchange(p.full[of], u.first);
        if (full != nullptr) put(of, full);
        u = {};
    }
    u.first = ::new (memory) block{u.first, nullptr};
    ++u.count;
}

#endif

}  // namespace heddle::inline v0::detail
