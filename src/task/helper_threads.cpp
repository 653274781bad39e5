// SPDX-License-Identifier: BSL-1.0
#include "helper_threads.hpp"
#include <algorithm>
#include <heddle/rt/parking_lot.hpp>
#include <mutex>
#include <utility>

namespace heddle::inline v0::detail {

struct helper_threads::job {
    rt::function_ref<void()> function;
    rt::task_context* task;
    std::atomic<bool> done{false};
};

struct helper_threads::helper {
    // What it is to do next; null while it waits for that. Parked at.
    std::atomic<job*> next{nullptr};
    std::atomic<bool> end{false};
    rt::os_thread thread;
};

helper_threads::helper_threads(std::string name, rt::clock::duration kept)
    : name_(std::move(name)),
      kept_(kept) {}

helper_threads::~helper_threads() {
    std::vector<std::unique_ptr<helper>> all;
    std::unique_ptr<helper> gone;
    {
        std::lock_guard guard(lock_);
        idle_.clear();  // so that nobody leaves any more
        all.swap(all_);
        gone.swap(gone_);
    }
    for (const auto& h : all) {
        h->end.store(true, std::memory_order_release);
        rt::parking_lot::unpark_all(&h->next);
    }
    // Both join as they go.
}

std::size_t helper_threads::size() const {
    std::lock_guard guard(lock_);
    return all_.size();
}

void helper_threads::call(rt::function_ref<void()> f) {
    job j{f, &rt::current_task()};
    helper* h = nullptr;
    {
        std::lock_guard guard(lock_);
        if (!idle_.empty()) {
            h = idle_.back();
            idle_.pop_back();
        }
    }
    if (h == nullptr) {
        auto made = std::make_unique<helper>();
        h = made.get();
        std::lock_guard guard(lock_);
        all_.reserve(all_.size() + 1);
        idle_.reserve(all_.capacity());  // so that serve() never fails
        h->thread = rt::os_thread(name_, [this, h] { serve(*h); });
        all_.push_back(std::move(made));
    }
    h->next.store(&j, std::memory_order_release);
    rt::parking_lot::unpark_all(&h->next);
    const auto not_done = [&j] { return !j.done.load(std::memory_order_acquire); };
    while (not_done()) rt::park(&j.done, not_done);
}

void helper_threads::serve(helper& h) noexcept {
    const auto nothing = [&h] {
        return h.next.load(std::memory_order_acquire) == nullptr && !h.end.load(std::memory_order_acquire);
    };
    for (;;) {
        for (auto until = rt::deadline::after(kept_); nothing(); until = rt::deadline::after(kept_))
            if (rt::park(&h.next, nothing, until) == rt::wait_outcome::timed_out && leave(h)) return;
        job* const j = h.next.exchange(nullptr, std::memory_order_relaxed);
        if (j == nullptr) return;
        {
            rt::task_scope as(j->task);
            j->function();
        }
        {
            std::lock_guard guard(lock_);
            idle_.push_back(&h);
        }
        // From here on the caller may be gone; only the address is used.
        const void* const address = &j->done;
        j->done.store(true, std::memory_order_release);
        rt::parking_lot::unpark_all(address);
    }
}

// False if it has been given something to do, or will be told to end.
bool helper_threads::leave(helper& h) noexcept {
    std::unique_ptr<helper> before;  // joined when the lock is free
    std::lock_guard guard(lock_);
    if (std::erase(idle_, &h) == 0) return false;
    const auto mine =
        std::find_if(all_.begin(), all_.end(), [&](const auto& one) { return one.get() == &h; });
    before = std::exchange(gone_, std::move(*mine));
    all_.erase(mine);
    return true;
}

}  // namespace heddle::inline v0::detail
