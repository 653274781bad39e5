// SPDX-License-Identifier: BSL-1.0
#pragma once

// The one way in which heddle starts an operating-system thread. Users want heddle::thread_pool, or (later)
// heddle::thread, which have futures, names for people and a way to be asked to stop.

#include <pthread.h>
#include <cstddef>
#include <heddle/rt/config.hpp>
#include <heddle/rt/thread_record.hpp>
#include <memory>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>

namespace heddle::inline v0::rt {

/// Gives the calling thread a name that debuggers and /proc show, cut to 15 bytes.
HEDDLE_API void set_thread_name(const std::string& name) noexcept;

/// A named thread that is joined at scope exit.
class os_thread {
 public:
    os_thread() noexcept = default;

    /// Starts a thread that runs `f()`. An exception that leaves `f` ends the program. @throws
    /// std::system_error
    template <class F>
    os_thread(std::string name, F f) : record_(std::make_shared<thread_record>(std::move(name))) {
        record_->enter();
        try {
            thread_ = std::thread([record = record_, f = std::move(f)]() mutable {
                set_thread_name(record->context.name());
                record->begin();
                f();
                record->end();
            });
        } catch (...) {
            record_->leave();
            throw;
        }
    }

    os_thread(os_thread&&) noexcept = default;
    os_thread& operator=(os_thread&& other) noexcept {
        if (joinable()) join();
        thread_ = std::move(other.thread_);
        record_ = std::move(other.record_);
        return *this;
    }
    ~os_thread() {
        if (joinable()) join();
    }

    bool joinable() const noexcept { return thread_.joinable(); }
    /// Waits for the thread to end. Blocks the calling thread.
    void join() { thread_.join(); }
    std::thread::native_handle_type native_handle() { return thread_.native_handle(); }

 private:
    std::shared_ptr<thread_record> record_;
    std::thread thread_;
};

/// Starts a thread that calls `body(argument)`, with a stack of at least `stack_size` bytes (0: the system's
/// choice), and writes its handle to `thread` before that. It must be joined or detached. @throws
/// std::system_error
HEDDLE_API void start_thread(pthread_t& thread, void* (*body)(void*), void* argument, std::size_t stack_size);
/// Waits for the end of such a thread. Blocks the calling thread.
HEDDLE_API void join_thread(pthread_t thread) noexcept;
/// As join_thread() if that need not wait. @return whether it did not have to.
HEDDLE_API bool try_join_thread(pthread_t thread) noexcept;
/// Lets such a thread go its own way.
HEDDLE_API void detach_thread(pthread_t thread) noexcept;
/// What is to be done at the very end of a thread.
struct thread_end {
    void (*call)(thread_end&) noexcept;
};
/// Has `end.call(end)` called in the calling thread once its thread_local objects have been destroyed. Once
/// for each thread. @return false if the system has no room to note it.
HEDDLE_API bool at_thread_end(thread_end& end) noexcept;
/// Gives the thread `native_id` of this process a name, as set_thread_name(). Nothing if it has gone.
HEDDLE_API void set_thread_name(pid_t native_id, const std::string& name) noexcept;

}  // namespace heddle::inline v0::rt
