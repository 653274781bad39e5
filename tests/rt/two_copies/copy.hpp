// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a shared object with a copy of heddle of its own lets a program try.

#include <cstddef>
#include <cstdint>

struct copy {
    const void* (*code)();              // where its heddle is
    bool (*park)(const void* address);  // false if it was not unparked within a minute
    std::size_t (*parked)(const void* address);
    void (*unpark)(const void* address);

    const void* (*current_task)();
    void (*as_a_task)(const void* (*f)(), const void** task,
                      const void** seen);  // runs f under a task of its own
    std::uint64_t (*new_task_id)();

    void (*count_reports)(int* count);  // from now on
    void (*report)();

    void (*lock_word)(void* word);
    bool (*try_word)(void* word);
    void (*unlock_word)(void* word);

    void (*on_a_fiber)(void (*f)(void*), void (*meanwhile)(void*), void* argument);  // of one worker
    int (*run)(void* task);                   // of int, on a loop of its own
    void* (*make_task)(const void* address);  // that waits at `address`, on whatever loop it is run

    void (*name)(void* name, const char* text);  // makes a detail::lock_name of it
    const char* (*read)(const void* name);
    void (*forget)(void* name);

    void (*bias)(void* lock);  // a shared_mutex: readers use slots from now on
    bool (*try_lock)(void* lock);
    bool (*try_lock_shared)(void* lock);
    void (*unlock_shared)(void* lock);

    void (*process_main)();
    bool (*has_processes)();  // whether a process_pool can be made
};
