// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>
#include <algorithm>
#include <cstring>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/thread_record.hpp>
#include <memory>
#include <mutex>
#include "process_wide.hpp"

namespace heddle::inline v0::rt {

namespace {

using detail::the_thread;

// Taken from the process in blocks, so that making tasks on several threads shares nothing.
std::uint64_t new_id() noexcept {
    constexpr std::uint64_t block = 1024;
    if (the_thread.next_task == the_thread.last_task) {
        the_thread.next_task = detail::the_process.tasks.fetch_add(block, std::memory_order_relaxed);
        the_thread.last_task = the_thread.next_task + block;
    }
    return ++the_thread.next_task;
}

// The task that a thread is by itself is in the thread's record, in whichever copy of heddle it was made. One
// that heddle started has set it; any other comes here when it is first asked for.
struct own_task {
    own_task() : record(thread_record::of_foreign_thread()) { the_thread.own_task = &record->context; }
    ~own_task() {
        record->context.end_locals();
        over = true;
        // That of the main thread is never destroyed, and static objects that are destroyed after this need
        // it.
        if (::gettid() == ::getpid()) return;
        the_thread.own_task = nullptr;
        the_thread.task_id = 0;
        the_thread.record = nullptr;
    }
    own_task(const own_task&) = delete;
    own_task& operator=(const own_task&) = delete;
    std::shared_ptr<thread_record> record;
    static inline constinit thread_local bool over = false;
};

}  // namespace

task_context::task_context() : task_context(std::string()) {}

task_context::task_context(std::string name)
    : task_context(the_thread.task != nullptr ? the_thread.task : the_thread.own_task) {
    name_ = std::move(name);
}

task_context::task_context(const task_context* parent) : id_(new_id()) {
    if (parent != nullptr && parent->locals_.inheritable()) locals_.inherit(parent->locals_);
}

void task_context::destroy_locals() noexcept {
    const task_scope as(this);  // what the destructors of the values see
    locals_.clear();
}

std::string task_context::name() const {
    const std::lock_guard guard(name_lock_);
    return name_;
}

void task_context::set_name(std::string name) {
    const std::lock_guard guard(name_lock_);
    name_.swap(name);  // the former goes after the lock is free
}

// Whoever was interrupted may be the one that holds the lock, so it is not waited for.
std::size_t task_context::copy_name(char* to, std::size_t room) const noexcept {
    if (!name_lock_.try_lock()) return 0;
    const std::size_t n = std::min(room, name_.size());
    std::memcpy(to, name_.data(), n);
    name_lock_.unlock();
    return n;
}

std::optional<wait_site> task_context::waits_for() const {
    // Of the name and kind only as much as fits: no allocation under a lock that a waiter has to pass.
    char kind[32] = {};
    char name[64] = {};
    const void* address = nullptr;
    {
        const std::lock_guard guard(lock_);
        with_waiter(0, [&](const waiter& w) {
            address = w.address();
            if (w.kind_name() != nullptr) std::strncpy(kind, w.kind_name(), sizeof kind - 1);
            if (w.subject_name() != nullptr) std::strncpy(name, w.subject_name(), sizeof name - 1);
        });
        if (address == nullptr) return std::nullopt;
    }
    return wait_site{address, kind, name};
}

// Calls `f` with the waiter, if there is one with the bits `wanted`. Under lock_.
template <class F> void task_context::with_waiter(std::uintptr_t wanted, F f) const noexcept {
    std::uintptr_t word = waiting_.load(std::memory_order_seq_cst);
    do {
        if (word == 0 || (word & wanted) != wanted) return;
        // acquire: the waiter as it was when its wait began.
    } while (!waiting_.compare_exchange_weak(word, word | looked_at, std::memory_order_acq_rel,
                                             std::memory_order_acquire));
    f(*reinterpret_cast<waiter*>(word & ~(looked_at | cancellable)));
    // release: what was done to it. If the wait is over, its end is waiting for lock_.
    word |= looked_at;
    waiting_.compare_exchange_strong(word, word & ~looked_at, std::memory_order_release,
                                     std::memory_order_relaxed);
}

void task_context::request_stop() noexcept {
    std::lock_guard guard(lock_);
    request_locked();
}

void task_context::request_locked() noexcept {
    requests_.fetch_add(1, std::memory_order_relaxed);
    pending_.store(true, std::memory_order_seq_cst);
    // If the request has been seen meanwhile, this is another wait.
    with_waiter(cancellable, [this](waiter& w) {
        if (stop_pending() && parking_lot::withdraw(w)) w.wake(wait_outcome::cancelled);
    });
    if (stop_listener* const l = listener_.load(std::memory_order_relaxed)) l->stop_requested();
    for (task_context* p = parts_; p != nullptr; p = p->next_part_) p->request_stop();
}

void task_context::listen(stop_listener* listener) noexcept {
    std::lock_guard guard(lock_);
    listener_.store(listener, std::memory_order_relaxed);
    if (listener != nullptr && stop_pending()) listener->stop_requested();
}

void task_context::begin_part(task_context& part, const void* key) noexcept {
    std::lock_guard guard(lock_);
    part.part_key_ = key;
    part.next_part_ = parts_;
    parts_ = &part;
    if (stop_pending()) part.request_stop();
}

void task_context::end_part(task_context& part) noexcept {
    std::lock_guard guard(lock_);
    task_context** link = &parts_;
    while (*link != &part) link = &(*link)->next_part_;
    *link = part.next_part_;
}

void task_context::stop_part(const void* key) noexcept {
    std::lock_guard guard(lock_);
    for (task_context* p = parts_; p != nullptr; p = p->next_part_)
        if (p->part_key_ == key) p->request_stop();
}

part_request task_context::request_stop_by_part() noexcept {
    std::lock_guard guard(lock_);
    const part_request before{requests_.load(std::memory_order_relaxed), stop_pending()};
    ++by_parts_;
    request_locked();
    return before;
}

void task_context::withdraw_request(const part_request& made) noexcept {
    std::lock_guard guard(lock_);
    unsigned left = requests_.load(std::memory_order_relaxed);
    if (by_parts_ != 0) {  // or else the task has taken it back itself
        --by_parts_;
        requests_.store(--left, std::memory_order_relaxed);
    }
    pending_.store(left > made.before || (left != 0 && made.pending), std::memory_order_relaxed);
}

unsigned task_context::uncancel() noexcept {
    std::lock_guard guard(lock_);
    const unsigned left = requests_.load(std::memory_order_relaxed);
    if (left == 0) return 0;
    // That of a part first: it is the one that is taken back in any case, and those of others stay.
    if (by_parts_ != 0) --by_parts_;
    requests_.store(left - 1, std::memory_order_relaxed);
    if (left == 1) pending_.store(false, std::memory_order_relaxed);
    return left - 1;
}

bool task_context::take_stop() noexcept {
    if (!stop_pending()) return false;
    return pending_.exchange(false, std::memory_order_relaxed);
}

// For the handshake described at pending_.
#if defined(__x86_64__)
constexpr auto announcing = std::memory_order_release;
#else
constexpr auto announcing = std::memory_order_seq_cst;
#endif

bool task_context::begin_wait(waiter& w, const void* address, cancellation mode) noexcept {
    const bool observed = mode == cancellation::observed;
    if (observed && take_stop()) return false;
    w.aim(address);  // from here on a canceller can find the bucket in which this waiter is or will be
    waiting_.store(reinterpret_cast<std::uintptr_t>(&w) | (observed ? cancellable : 0), announcing);
    std::atomic_signal_fence(std::memory_order_seq_cst);
    if (!observed || !pending_.load(std::memory_order_seq_cst)) return true;
    end_wait(wait_outcome::cancelled);
    return false;
}

void task_context::end_wait(wait_outcome outcome) noexcept {
    // acquire: what was done to the waiter is over.
    const bool seen = (waiting_.exchange(0, std::memory_order_acq_rel) & looked_at) != 0;
    if (!seen && outcome != wait_outcome::cancelled) return;
    std::lock_guard guard(lock_);
    if (outcome == wait_outcome::cancelled) pending_.store(false, std::memory_order_relaxed);
}

// Apart, so that current_task() itself saves no registers.
[[gnu::noinline, gnu::cold]] static task_context& make_own_task() noexcept {
    if (own_task::over) {
        // Asked for by the destructor of a thread_local object, once that of `own` has run: not destroyed.
        the_thread.own_task = &(*new std::shared_ptr(thread_record::of_foreign_thread()))->context;
        return *the_thread.own_task;
    }
    static thread_local own_task own;
    return own.record->context;
}

[[gnu::noinline]] task_context& current_task() noexcept {
    asm volatile("" ::: "memory");  // keeps the compiler from treating two calls as one
    if (the_thread.task != nullptr) [[likely]]
        return *the_thread.task;
    // A thread that heddle did not start, or that runs no task, is a task of its own.
    if (the_thread.own_task != nullptr) [[likely]]
        return *the_thread.own_task;
    return make_own_task();
}

[[gnu::noinline]] std::uint64_t current_task_id() noexcept {
    asm volatile("" ::: "memory");  // as above
    if (the_thread.task_id != 0) [[likely]]
        return the_thread.task_id;
    const std::uint64_t id = current_task().id();
    return the_thread.task_id = id;
}

[[gnu::noinline]] task_scope::task_scope(task_context* context) noexcept
    : outer_(the_thread.task),
      outer_id_(outer_ != nullptr ? the_thread.task_id : 0) {
    the_thread.task = context;
    the_thread.task_id = context != nullptr ? context->id() : 0;
}

[[gnu::noinline]] task_scope::~task_scope() {
    the_thread.task = outer_;
    the_thread.task_id = outer_id_;  // 0 for the task of a thread: it may be another thread by now
}

}  // namespace heddle::inline v0::rt
