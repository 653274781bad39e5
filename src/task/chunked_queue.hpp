// SPDX-License-Identifier: BSL-1.0
#pragma once

// A queue of runnables that is read fast by another thread than wrote it.

#include <array>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/runnable.hpp>
#include <heddle/task/task_memory.hpp>
#include <new>
#include <utility>

namespace heddle::inline v0::detail {

/// First in, first out; not locked. Where a runnable_queue links the runnables themselves, so that each has
/// to be fetched before the next one is known, this holds their addresses, side by side in chunks: who takes
/// fetches several at once. Only the first few are linked, so that one that is handed over by itself takes no
/// more with it than its own memory.
///
/// Without memory for a chunk a runnable is linked, and comes before what is in chunks already.
class chunked_queue {
 public:
    chunked_queue() noexcept = default;
    chunked_queue(const chunked_queue&) = delete;
    chunked_queue& operator=(const chunked_queue&) = delete;
    ~chunked_queue() {
        while (first_ != nullptr) drop_first();
    }

    bool empty() const noexcept { return size_ == 0; }
    std::size_t size() const noexcept { return size_; }

    void push(rt::runnable& r) noexcept {
        const bool all_linked = linked_.size() == size_;
        ++size_;
        if ((all_linked && size_ <= few) || !has_room())
            linked_.push(r);
        else
            last_->items[last_->end++] = &r;
    }

    /// Takes the oldest; there must be one.
    rt::runnable& pop() noexcept {
        --size_;
        if (rt::runnable* const r = linked_.pop()) return *r;
        rt::runnable& r = *first_->items[first_->begin++];
        if (first_->begin + ahead < first_->end) __builtin_prefetch(first_->items[first_->begin + ahead], 1);
        if (first_->begin == first_->end) {
            if (first_ != last_)
                drop_first();
            else
                first_->begin = first_->end = 0;  // the last one is used again
        }
        return r;
    }

    void swap(chunked_queue& other) noexcept {
        std::swap(first_, other.first_);
        std::swap(last_, other.last_);
        std::swap(linked_, other.linked_);
        std::swap(size_, other.size_);
    }

 private:
    static constexpr std::size_t few = 4;
    static constexpr std::uint32_t ahead = 4;

    struct chunk {
        static constexpr std::uint32_t room = 62;  // with the rest, eight cache lines
        chunk* next = nullptr;
        std::uint32_t begin = 0;
        std::uint32_t end = 0;
        std::array<rt::runnable*, room> items;
    };

    // For one more at the end of the last chunk.
    bool has_room() noexcept {
        if (last_ != nullptr && last_->end < chunk::room) return true;
        try {
            chunk* const c = ::new (take_block(sizeof(chunk))) chunk;
            (last_ != nullptr ? last_->next : first_) = c;
            last_ = c;
            return true;
        } catch (const std::bad_alloc&) {
            return false;
        }
    }
    void drop_first() noexcept {
        chunk* const c = std::exchange(first_, first_->next);
        if (first_ == nullptr) last_ = nullptr;
        give_block(c, sizeof(chunk));
    }

    chunk* first_ = nullptr;
    chunk* last_ = nullptr;
    rt::runnable_queue linked_;
    std::size_t size_ = 0;
};

}  // namespace heddle::inline v0::detail
