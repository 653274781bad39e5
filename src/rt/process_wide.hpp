// SPDX-License-Identifier: BSL-1.0
#pragma once

// What there is one of in a process or in a thread, also when several shared objects carry heddle: the table
// of the parking lot, the slots of readers, the current task, and a few more words. process_wide.S defines
// them, as zeros, with a binding that no compiler gives to a variable of every kind: STB_GNU_UNIQUE, by which
// the dynamic linker takes the first definition that it meets for all, even for objects that cannot see each
// other's symbols (dlopen() with RTLD_LOCAL). They are there before any code runs, are never destroyed, and
// the object whose definition was taken is never unloaded.
//
// The names hold the version: copies of heddle whose data differ share nothing.

#define HEDDLE_PARKING_TABLE_SIZE 32768
#define HEDDLE_PROCESS_STATE_SIZE 192
#define HEDDLE_READER_SLOTS_SIZE 4096
#define HEDDLE_THREAD_STATE_SIZE 128

#if !defined(__ASSEMBLER__)

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/config.hpp>
#include <heddle/rt/exception_hook.hpp>
#include <heddle/rt/task_locals.hpp>
#include <heddle/rt/word_lock.hpp>
#include <memory>

namespace heddle::inline v0 {

class event_loop;

namespace detail {
struct name_table;
struct thread_hook;
struct lock_books;
}  // namespace detail

namespace rt {

class fiber;
class fiber_task;
class task_context;
class thread_record;
class worker;

namespace detail {

static_assert(HEDDLE_VERSION_MAJOR == 0 && HEDDLE_VERSION_MINOR == 1,
              "the names here, in process_wide.S and in word_lock.hpp hold the version");

/// All members begin as zeros.
struct process_state {
    std::atomic<std::uint64_t> tasks;    // up to which number identities have been given to threads
    std::atomic<exception_hook> hook;    // null for the default
    std::atomic<bool> reports_overflow;  // a handler for the overflow of a fiber's stack is installed
    word_lock installing;                // that handler
    std::atomic<bool> serves;            // see process/entry.cpp
    word_lock naming;                    // a lock: see sync/lock_name.cpp
    std::atomic<heddle::detail::name_table*> names;
    word_lock books;     // a lock: what follows, but for the last two, and the lists of values of locals
    local_books locals;  // see task_locals.cpp
    thread_record* first_thread;  // those that heddle started; see thread_record.cpp
    thread_record* last_thread;
    std::shared_ptr<thread_record>* main_thread;
    std::uint64_t threads_named;                          // how many names heddle has given to threads
    heddle::detail::thread_hook* thread_hook;             // see sync/thread_hook.cpp
    std::atomic<heddle::detail::lock_books*> lock_books;  // see sync/diagnose.cpp
};
static_assert(sizeof(process_state) <= HEDDLE_PROCESS_STATE_SIZE);

/// All members begin as null.
struct thread_state {
    void* forks;             // of the fiber that runs; first, because fork_context.hpp reads it by its place
    task_context* task;      // that was made current; null for the thread's own
    task_context* own_task;  // made when it is first asked for
    std::uint64_t task_id;   // of the current one; 0 until it is asked for
    worker* running_worker;
    fiber_task* running_fiber_task;
    fiber* running_fiber;
    event_loop* running_loop;
    std::coroutine_handle<>* next;  // see coroutine.cpp
    thread_record* record;          // of this thread, made when it is first asked for
    void* reader_line;              // see sync/shared_mutex.cpp
    int forking;                    // in a fork; how many copies of heddle have prepared for it
    std::uint64_t next_task;        // identities that this thread may still give: up to last_task
    std::uint64_t last_task;
    bool prepared_for_overflow;
};
static_assert(sizeof(thread_state) <= HEDDLE_THREAD_STATE_SIZE);
static_assert(offsetof(thread_state, forks) == 0);

HEDDLE_API extern process_state the_process asm("heddle_0_1_process_state");

// Initial-exec: finding it must not cost a function call, least of all at a switch of fibers, and a signal
// handler reads it. Of the room that the dynamic linker keeps for such variables of objects loaded later,
// this is a small part.
HEDDLE_API extern __thread thread_state the_thread asm("heddle_0_1_thread_state")
    __attribute__((tls_model("initial-exec")));

}  // namespace detail
}  // namespace rt
}  // namespace heddle::inline v0

#endif
