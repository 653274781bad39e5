// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/timer.hpp>

namespace heddle::inline v0::rt {

bool timer_heap::before(const timer& a, const timer& b) noexcept {
    return a.when_ != b.when_ ? a.when_ < b.when_ : a.sequence_ < b.sequence_;
}

void timer_heap::place(std::size_t i, timer& t) noexcept {
    heap_[i] = &t;
    t.index_ = i;
}

void timer_heap::sift_up(std::size_t i, timer& t) noexcept {
    while (i > 0) {
        const std::size_t parent = (i - 1) / 2;
        if (!before(t, *heap_[parent])) break;
        place(i, *heap_[parent]);
        i = parent;
    }
    place(i, t);
}

void timer_heap::sift_down(std::size_t i, timer& t) noexcept {
    for (;;) {
        std::size_t child = 2 * i + 1;
        if (child >= heap_.size()) break;
        if (child + 1 < heap_.size() && before(*heap_[child + 1], *heap_[child])) ++child;
        if (!before(*heap_[child], t)) break;
        place(i, *heap_[child]);
        i = child;
    }
    place(i, t);
}

void timer_heap::add(timer& t, clock::time_point when) {
    heap_.push_back(&t);
    t.when_ = when;
    t.sequence_ = sequence_++;
    t.armed_ = true;
    sift_up(heap_.size() - 1, t);
}

void timer_heap::remove(timer& t) noexcept {
    if (!t.armed_) return;
    t.armed_ = false;
    timer& last = *heap_.back();
    heap_.pop_back();
    if (&last == &t) return;
    const std::size_t hole = t.index_;
    if (hole > 0 && before(last, *heap_[(hole - 1) / 2]))
        sift_up(hole, last);
    else
        sift_down(hole, last);
}

std::size_t timer_heap::fire(clock::time_point now) noexcept {
    std::size_t n = 0;
    while (!heap_.empty() && heap_.front()->when_ <= now) {
        timer& t = *heap_.front();
        remove(t);
        t.fire_(t);
        ++n;
    }
    return n;
}

}  // namespace heddle::inline v0::rt
