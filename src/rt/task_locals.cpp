// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_locals.hpp>
#include <memory>
#include <mutex>
#include <utility>
#include "process_wide.hpp"

namespace heddle::inline v0::rt {

namespace {

constexpr auto& process = detail::the_process;

// Until a copy that another task is making is done.
void nap(const void* here) {
    constexpr std::chrono::microseconds a_while{50};
    try {
        park(here, [] { return true; }, deadline::after(a_while));
    } catch (const std::bad_alloc&) {
        // No memory for a timer: then without a pause.
    }
}

}  // namespace

local_key::local_key() : slot_(nullptr) {
    auto fresh = std::make_unique<free_slot>();
    const std::lock_guard guard(process.books);
    number_ = ++process.locals.numbers;
    if (process.locals.free != nullptr) {
        slot_ = std::exchange(process.locals.free, process.locals.free->next);
    } else {
        fresh->slot = process.locals.slots++;
        slot_ = fresh.release();
    }
}

local_key::~local_key() {
    for (;;) {
        local_value* taken = nullptr;
        {
            const std::lock_guard guard(process.books);
            if (first_ == nullptr) {
                slot_->next = std::exchange(process.locals.free, slot_);
                return;
            }
            taken = first_;
            while (taken != nullptr && taken->copying_) taken = taken->next_of_key_;
            if (taken != nullptr) taken->owner_->unlink(*taken);
        }
        if (taken != nullptr)
            taken->destroy_(taken);
        else
            nap(this);
    }
}

// Under the lock.
void task_locals::link(local_key& key, local_value& v) noexcept {
    v.key_ = &key;
    v.owner_ = this;
    v.prev_of_task_ = v.prev_of_key_ = nullptr;
    v.next_of_task_ = std::exchange(first_, &v);
    if (v.next_of_task_ != nullptr) v.next_of_task_->prev_of_task_ = &v;
    v.next_of_key_ = std::exchange(key.first_, &v);
    if (v.next_of_key_ != nullptr) v.next_of_key_->prev_of_key_ = &v;
    // relaxed: a child made by this task is made by this thread.
    if (v.copy_ != nullptr) inheritable_.fetch_add(1, std::memory_order_relaxed);
}

// Under the lock.
void task_locals::unlink(local_value& v) noexcept {
    (v.prev_of_task_ != nullptr ? v.prev_of_task_->next_of_task_ : first_) = v.next_of_task_;
    if (v.next_of_task_ != nullptr) v.next_of_task_->prev_of_task_ = v.prev_of_task_;
    (v.prev_of_key_ != nullptr ? v.prev_of_key_->next_of_key_ : v.key_->first_) = v.next_of_key_;
    if (v.next_of_key_ != nullptr) v.next_of_key_->prev_of_key_ = v.prev_of_key_;
    if (v.copy_ != nullptr) inheritable_.fetch_sub(1, std::memory_order_relaxed);
}

void task_locals::reserve(std::uint32_t slot) {
    if (slot < size_) return;
    const std::uint32_t wanted = std::max(slot + 1, size_ * 2);
    auto* const larger = new place[wanted];
    std::copy_n(table_, size_, larger);
    delete[] std::exchange(table_, larger);
    size_ = wanted;
}

void task_locals::add(local_key& key, local_value& v) {
    const std::uint32_t slot = key.slot_->slot;
    reserve(slot);
    table_[slot] = {key.number_, &v};
    const std::lock_guard guard(process.books);
    link(key, v);
}

void task_locals::remove(const local_key& key) noexcept {
    local_value* const v = find(key);
    if (v == nullptr) return;
    table_[key.slot_->slot] = {};
    {
        const std::lock_guard guard(process.books);
        unlink(*v);
    }
    v->destroy_(v);
}

void task_locals::inherit(const task_locals& parent) {
    // Oldest first, so that the child's are in the parent's order. Those being copied stay, and with them the
    // key, until the child has its own.
    const std::uint32_t most = parent.inheritable_.load(std::memory_order_relaxed);
    const std::unique_ptr<local_value*[]> from(new local_value*[most]);
    std::uint32_t n = 0;
    {
        const std::lock_guard guard(process.books);
        for (local_value* v = parent.first_; v != nullptr && n < most; v = v->next_of_task_)
            if (v->copy_ != nullptr) {
                v->copying_ = true;
                from[n++] = v;
            }
    }
    const auto let_go = [&] {
        const std::lock_guard guard(process.books);
        for (std::uint32_t i = 0; i < n; ++i) from[i]->copying_ = false;
    };
    try {
        for (std::uint32_t i = n; i-- > 0;) {
            reserve(from[i]->key_->slot_->slot);
            add(*from[i]->key_, *from[i]->copy_(*from[i]));
        }
    } catch (...) {
        let_go();
        clear();
        throw;
    }
    let_go();
}

void task_locals::clear() noexcept {
    while (table_ != nullptr) {
        local_value* v = nullptr;
        {
            const std::lock_guard guard(process.books);
            v = first_;
            if (v != nullptr) {
                unlink(*v);
                // Only its own key has that number, and whoever destroys that has no use for this task.
                table_[v->key_->slot_->slot] = {};
            }
        }
        if (v != nullptr)
            v->destroy_(v);
        else
            delete[] std::exchange(table_, nullptr);
    }
    size_ = 0;
}

}  // namespace heddle::inline v0::rt
