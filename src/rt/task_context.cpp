// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/task_context.hpp>
#include <mutex>

namespace heddle::inline v0::rt {

namespace {

std::atomic<std::uint64_t> next_id{1};

constinit thread_local task_context* current = nullptr;

}  // namespace

task_context::task_context() noexcept : id_(next_id.fetch_add(1, std::memory_order_relaxed)) {}

task_context::task_context(std::string name)
    : id_(next_id.fetch_add(1, std::memory_order_relaxed)),
      name_(std::move(name)) {}

void task_context::request_stop() noexcept {
    std::lock_guard guard(lock_);
    requests_.fetch_add(1, std::memory_order_relaxed);
    pending_.store(true, std::memory_order_relaxed);
    if (waiting_ != nullptr && parking_lot::withdraw(*waiting_)) waiting_->wake(wait_outcome::cancelled);
}

unsigned task_context::uncancel() noexcept {
    std::lock_guard guard(lock_);
    const unsigned left = requests_.load(std::memory_order_relaxed);
    if (left == 0) return 0;
    requests_.store(left - 1, std::memory_order_relaxed);
    if (left == 1) pending_.store(false, std::memory_order_relaxed);
    return left - 1;
}

bool task_context::take_stop() noexcept {
    if (!stop_pending()) return false;
    return pending_.exchange(false, std::memory_order_relaxed);
}

bool task_context::begin_wait(waiter& w, const void* address) noexcept {
    std::lock_guard guard(lock_);
    if (take_stop()) return false;
    w.aim(address);  // from here on a canceller can find the bucket in which this waiter is or will be
    waiting_ = &w;
    return true;
}

void task_context::end_wait(wait_outcome outcome) noexcept {
    std::lock_guard guard(lock_);
    waiting_ = nullptr;
    if (outcome == wait_outcome::cancelled) pending_.store(false, std::memory_order_relaxed);
}

[[gnu::noinline]] task_context& current_task() noexcept {
    asm volatile("" ::: "memory");  // keeps the compiler from treating two calls as one
    if (current != nullptr) return *current;
    // A thread that heddle did not start, or that runs no task, is a task of its own.
    static thread_local task_context own;
    return own;
}

[[gnu::noinline]] task_scope::task_scope(task_context* context) noexcept : outer_(current) {
    current = context;
}

[[gnu::noinline]] task_scope::~task_scope() {
    current = outer_;
}

}  // namespace heddle::inline v0::rt
