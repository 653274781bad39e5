// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/task_context.hpp>
#include <mutex>
#include "process_wide.hpp"

namespace heddle::inline v0::rt {

namespace {

using detail::the_thread;

std::uint64_t new_id() noexcept {
    return detail::the_process.tasks.fetch_add(1, std::memory_order_relaxed) + 1;
}

// The task that a thread is by itself. Whichever copy of heddle is asked first makes it for all.
struct own_task {
    own_task() noexcept { the_thread.own_task = &context; }
    ~own_task() { the_thread.own_task = nullptr; }
    own_task(const own_task&) = delete;
    own_task& operator=(const own_task&) = delete;
    task_context context;
};

}  // namespace

task_context::task_context() noexcept : id_(new_id()) {}

task_context::task_context(std::string name) : id_(new_id()), name_(std::move(name)) {}

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
    if (the_thread.task != nullptr) return *the_thread.task;
    // A thread that heddle did not start, or that runs no task, is a task of its own.
    if (the_thread.own_task != nullptr) return *the_thread.own_task;
    static thread_local own_task own;
    return own.context;
}

[[gnu::noinline]] task_scope::task_scope(task_context* context) noexcept : outer_(the_thread.task) {
    the_thread.task = context;
}

[[gnu::noinline]] task_scope::~task_scope() {
    the_thread.task = outer_;
}

}  // namespace heddle::inline v0::rt
