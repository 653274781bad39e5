// SPDX-License-Identifier: BSL-1.0
#include <pthread.h>
#include <unistd.h>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/thread_record.hpp>
#include <mutex>
#include "process_wide.hpp"

namespace heddle::inline v0::rt {

using detail::the_process;
using detail::the_thread;

/// What a fork does to the list.
struct thread_list {
    // The child has one thread, and that is its main one. Its record is kept for ever, as that of the parent
    // was.
    static void after_fork() noexcept {
        thread_record* here = the_thread.record;
        for (thread_record* r = the_process.first_thread; r != nullptr;) {
            thread_record* const next = r->next_;
            r->listed_ = false;
            r->next_ = r->prev_ = nullptr;
            r = next;
        }
        the_process.first_thread = the_process.last_thread = nullptr;
        if (here == nullptr) {
            the_process.main_thread = nullptr;  // made when it is asked for
        } else {
            here->native_id_.store(::getpid(), std::memory_order_release);
            static_assert(sizeof(keeper) <= sizeof(room));
            the_process.main_thread = &(new (room) keeper{here->shared_from_this()})->record;
        }
    }

 private:
    struct keeper {
        std::shared_ptr<thread_record> record;
    };
    alignas(keeper) static inline std::byte room[sizeof(std::shared_ptr<thread_record>)];
};

namespace {

// Nobody is in the middle of changing a list when the process forks. Each copy of heddle registers these; the
// first to prepare takes the lock and the last to be done gives it back.
const int at_fork = ::pthread_atfork(
    [] {
        if (the_thread.forking++ == 0) the_process.books.lock();
    },
    [] {
        if (--the_thread.forking == 0) the_process.books.unlock();
    },
    [] {
        if (--the_thread.forking != 0) return;
        the_process.books.unlock();
        thread_list::after_fork();
    });

bool is_main() noexcept {
    return ::gettid() == ::getpid();
}

}  // namespace

thread_record::thread_record(std::string name) : context(std::move(name)) {}

std::shared_ptr<thread_record> thread_record::current() {
    if (the_thread.record == nullptr) {
        const task_scope own(nullptr);
        current_task();  // makes it
    }
    return the_thread.record->shared_from_this();
}

std::shared_ptr<thread_record> thread_record::main() {
    {
        const std::lock_guard guard(the_process.books);
        if (the_process.main_thread != nullptr) return *the_process.main_thread;
    }
    // Never destroyed: it is asked for until the very end.
    auto* const made = new std::shared_ptr<thread_record>(std::make_shared<thread_record>("main"));
    thread_record& record = **made;
    record.native_id_.store(::getpid(), std::memory_order_relaxed);
    record.state_.store(running, std::memory_order_relaxed);
    {
        const std::lock_guard guard(the_process.books);
        if (the_process.main_thread == nullptr) {
            the_process.main_thread = made;
            return *made;
        }
    }
    delete made;  // another was faster
    const std::lock_guard guard(the_process.books);
    return *the_process.main_thread;
}

std::shared_ptr<thread_record> thread_record::of_foreign_thread() {
    if (is_main()) {
        auto record = main();
        the_thread.record = record.get();
        return record;
    }
    auto record = std::make_shared<thread_record>(std::string());
    record->native_id_.store(::gettid(), std::memory_order_relaxed);
    record->state_.store(running, std::memory_order_relaxed);
    the_thread.record = record.get();
    return record;
}

std::vector<std::shared_ptr<thread_record>> thread_record::all() {
    std::vector<std::shared_ptr<thread_record>> result;
    for (;;) {
        // Memory is not asked for under the lock.
        result.reserve(count() + 8);
        result.push_back(main());
        const std::lock_guard guard(the_process.books);
        thread_record* r = the_process.first_thread;
        for (; r != nullptr && result.size() < result.capacity(); r = r->next_)
            if (r != result.front().get()) result.push_back(r->shared_from_this());
        if (r == nullptr) return result;
        result.clear();
    }
}

std::size_t thread_record::count() noexcept {
    const std::lock_guard guard(the_process.books);
    std::size_t n = 1;
    for (const thread_record* r = the_process.first_thread; r != nullptr; r = r->next_) ++n;
    return n;
}

std::string thread_record::next_name() {
    std::uint64_t number = 0;
    {
        const std::lock_guard guard(the_process.books);
        number = ++the_process.threads_named;
    }
    return "thread-" + std::to_string(number);
}

void thread_record::enter() noexcept {
    const std::lock_guard guard(the_process.books);
    prev_ = the_process.last_thread;
    (prev_ != nullptr ? prev_->next_ : the_process.first_thread) = this;
    the_process.last_thread = this;
    listed_ = true;
}

void thread_record::leave() noexcept {
    const std::lock_guard guard(the_process.books);
    if (!listed_) return;  // in the child of a fork nobody is in the list
    listed_ = false;
    (prev_ != nullptr ? prev_->next_ : the_process.first_thread) = next_;
    (next_ != nullptr ? next_->prev_ : the_process.last_thread) = prev_;
    next_ = prev_ = nullptr;
}

void thread_record::begin() noexcept {
    the_thread.record = this;
    the_thread.own_task = &context;
    the_thread.task_id = 0;
    native_id_.store(::gettid(), std::memory_order_release);
}

void thread_record::end() noexcept {
    context.end_locals();
    leave();
    the_thread.own_task = nullptr;
    the_thread.task_id = 0;
    the_thread.record = nullptr;
    const void* const here = address();
    // release: see now(). Whoever sees it may let go of the record, and this thread's own reference may be
    // the last; the caller holds it.
    if ((state_.exchange(finished, std::memory_order_acq_rel) & parked_bit) != 0)
        parking_lot::unpark_all(here, 1);
}

// parked_bit is set under the bucket's lock and only before the end, so end() finds it, or the end is seen
// here.
bool thread_record::must_wait() noexcept {
    std::uint32_t state = state_.load(std::memory_order_acquire);
    while ((state & phase_mask) != finished)
        if (state_.compare_exchange_weak(state, state | parked_bit, std::memory_order_acquire)) return true;
    return false;
}

bool thread_record::step(phase from, phase to) noexcept {
    std::uint32_t state = state_.load(std::memory_order_relaxed);
    do {
        if ((state & phase_mask) != static_cast<std::uint32_t>(from)) return false;
    } while (!state_.compare_exchange_weak(state, (state & parked_bit) | static_cast<std::uint32_t>(to),
                                           std::memory_order_acq_rel, std::memory_order_relaxed));
    return true;
}

}  // namespace heddle::inline v0::rt
