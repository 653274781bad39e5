// SPDX-License-Identifier: BSL-1.0
#include "injector.hpp"
#include <algorithm>

namespace heddle::inline v0::detail {

std::size_t injector::take(std::span<rt::runnable*> batch, std::size_t share) noexcept {
    std::lock_guard guard(lock_);
    if (normal_.empty()) move_over();
    const std::size_t n = std::min({batch.size(), normal_.size(), normal_.size() / share + 1});
    for (rt::runnable*& r : batch.first(n)) r = &normal_.pop();
    normal_count_.store(normal_.size(), std::memory_order_seq_cst);
    return n;
}

// Under the lock of those who take, with nothing on their side.
void injector::move_over() noexcept {
    std::lock_guard guard(added_.lock);
    normal_.swap(added_.queue);
    normal_count_.store(normal_.size(), std::memory_order_seq_cst);
    added_.count.store(0, std::memory_order_seq_cst);
}

rt::runnable* injector::take_one(level l) noexcept {
    std::lock_guard guard(lock_);
    // The highest priority comes first in the map, so the first one below 0 is the lowest bound of 0.
    const auto first = l == level::urgent ? others_.begin() : others_.upper_bound(0);
    for (auto i = first; i != others_.end(); ++i) {
        if (l == level::urgent && i->first < 0) break;
        rt::runnable* const r = i->second.pop();
        if (r == nullptr) continue;
        auto& n = l == level::urgent ? urgent_count_ : background_count_;
        n.store(n.load(std::memory_order_relaxed) - 1, std::memory_order_seq_cst);
        return r;
    }
    return nullptr;
}

void injector::take_all(rt::runnable_queue& all) noexcept {
    std::lock_guard guard(lock_);
    do {
        while (!normal_.empty()) all.push(normal_.pop());
        move_over();
    } while (!normal_.empty());
    for (auto& [priority, queue] : others_)
        while (rt::runnable* const r = queue.pop()) all.push(*r);
    for (auto* n : {&normal_count_, &urgent_count_, &background_count_})
        n->store(0, std::memory_order_seq_cst);
}

}  // namespace heddle::inline v0::detail
