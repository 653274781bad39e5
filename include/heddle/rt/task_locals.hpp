// SPDX-License-Identifier: BSL-1.0
#pragma once

// The values that a task has of its own, one for each heddle::local that it has used: what local<T> is made
// of. A value goes with its task or with its local, whichever is first.

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/config.hpp>

namespace heddle::inline v0::rt {

class local_key;
class task_locals;

/// A value of one local in one task; local<T> derives its own from it.
class local_value {
 public:
    using destroy_function = void (*)(local_value*) noexcept;
    using copy_function = local_value* (*)(const local_value&);

    /// `copy` makes that of a child of the task, null if children begin without.
    local_value(destroy_function destroy, copy_function copy) noexcept : destroy_(destroy), copy_(copy) {}
    local_value(const local_value&) = delete;
    local_value& operator=(const local_value&) = delete;

 protected:
    ~local_value() = default;

 private:
    friend class local_key;
    friend class task_locals;

    destroy_function destroy_;
    copy_function copy_;
    local_key* key_ = nullptr;
    task_locals* owner_ = nullptr;
    local_value* next_of_task_ = nullptr;
    local_value* prev_of_task_ = nullptr;
    local_value* next_of_key_ = nullptr;
    local_value* prev_of_key_ = nullptr;
    bool copying_ = false;  // being copied for a child; not to be destroyed
};

/// The values of one task.
///
/// Invariant: table_ belongs to the task alone, and place `slot` of it means something only to a key with the
/// number that is noted there, which no other key ever has; so finding a value takes no lock. The lists, of
/// the values of a task and of those of a key, change under one lock of the process; whoever takes a value
/// out of its two lists there is the one to destroy it. Nothing of the user's runs under that lock.
class HEDDLE_API task_locals {
 public:
    constexpr task_locals() noexcept = default;
    ~task_locals() {
        if (!empty()) clear();
    }
    task_locals(const task_locals&) = delete;
    task_locals& operator=(const task_locals&) = delete;

    /// The value of `key` here, null if there is none.
    local_value* find(const local_key& key) const noexcept;
    /// Keeps `v` as that of `key`, of which there must be none. @throws std::bad_alloc, and then `v` is as
    /// before.
    void add(local_key& key, local_value& v);
    /// Destroys that of `key`, if there is one.
    void remove(const local_key& key) noexcept;

    bool empty() const noexcept { return table_ == nullptr; }
    /// Whether a child begins with a copy of something.
    bool inheritable() const noexcept { return inheritable_ != 0; }
    /// Begins with copies of what is inherited from `parent`, which is the caller's. @throws what copying
    /// does.
    void inherit(const task_locals& parent);
    /// Destroys all values, also those that their destructors make.
    void clear() noexcept;

 private:
    friend class local_key;
    struct place {
        std::uint64_t number = 0;
        local_value* value = nullptr;
    };

    void reserve(std::uint32_t slot);
    void link(local_key& key, local_value& v) noexcept;
    void unlink(local_value& v) noexcept;

    place* table_ = nullptr;
    std::uint32_t size_ = 0;
    // Values with a copy_; other threads count it down, under the lock, when the local goes away.
    std::atomic<std::uint32_t> inheritable_{0};
    local_value* first_ = nullptr;  // newest first
};

/// What a local is to the tasks: a place in their tables, and the list of all its values.
class HEDDLE_API local_key {
 public:
    /// @throws std::bad_alloc
    local_key();
    /// Destroys the values in all tasks.
    ~local_key();
    local_key(const local_key&) = delete;
    local_key& operator=(const local_key&) = delete;

 private:
    friend class task_locals;
    struct free_slot {
        std::uint32_t slot = 0;
        free_slot* next = nullptr;
    };
    friend struct local_books;

    free_slot* slot_;
    std::uint64_t number_ = 0;
    local_value* first_ = nullptr;
};

/// Of all copies of heddle in the process.
struct local_books {
    std::uint64_t numbers;  // how many keys there have been
    local_key::free_slot* free;
    std::uint32_t slots;  // how many there have been
};

inline local_value* task_locals::find(const local_key& key) const noexcept {
    const std::uint32_t slot = key.slot_->slot;
    return slot < size_ && table_[slot].number == key.number_ ? table_[slot].value : nullptr;
}

}  // namespace heddle::inline v0::rt
