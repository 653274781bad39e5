// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests of queues have in common: the kinds of queues, and items that are awkward to keep.

#include <gtest/gtest.h>
#include <atomic>
#include <heddle/sync/lifo_queue.hpp>
#include <heddle/sync/priority_queue.hpp>
#include <heddle/sync/queue.hpp>
#include <memory>
#include <stdexcept>
#include "coroutines.hpp"

namespace sync_tests {

using heddle::queue_status;

/// An item that counts how many there are, and can only be moved.
class counted {
 public:
    explicit counted(int value = 0) noexcept : value_(value) { ++alive; }
    counted(counted&& other) noexcept : value_(std::exchange(other.value_, -1)) { ++alive; }
    counted& operator=(counted&& other) noexcept {
        value_ = std::exchange(other.value_, -1);
        return *this;
    }
    ~counted() { --alive; }
    int value() const { return value_; }
    friend bool operator<(const counted& a, const counted& b) { return a.value_ < b.value_; }

    static inline std::atomic<int> alive{0};

 private:
    int value_;
};

/// An item whose copies and moves throw while it is told so.
class awkward {
 public:
    explicit awkward(int value) : value_(value) {}
    awkward(const awkward& other) : value_(other.value_) { check(); }
    awkward(awkward&& other) : value_(other.value_) {
        check();
        other.value_ = -1;
    }
    awkward& operator=(const awkward&) = default;
    int value() const { return value_; }
    friend bool operator<(const awkward& a, const awkward& b) { return a.value_ < b.value_; }

    static inline bool throws = false;

 private:
    static void check() {
        if (throws) throw std::runtime_error("an awkward item");
    }
    int value_;
};

struct fifo {
    template <class T> using of = heddle::queue<T>;
};
struct lifo {
    template <class T> using of = heddle::lifo_queue<T>;
};
struct by_priority {
    template <class T> using of = heddle::priority_queue<T>;
};

/// The queues of one kind, of various items.
template <class Kind> struct of_queue_kind : ::testing::Test {
    using ints = typename Kind::template of<int>;
    using pointers = typename Kind::template of<std::unique_ptr<int>>;
    using counts = typename Kind::template of<counted>;
    using awkwards = typename Kind::template of<awkward>;
};

using queue_kinds = ::testing::Types<fifo, lifo, by_priority>;

}  // namespace sync_tests
