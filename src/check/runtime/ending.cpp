// SPDX-License-Identifier: BSL-1.0
#include "ending.hpp"

#include <dlfcn.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstring>
#include "failure.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<void(int)> real_process_exit("exit");
HEDDLE_REAL real_function<void(int)> real_immediate_exit("_exit");
HEDDLE_REAL real_function<void(int)> real_quick_exit("quick_exit");
HEDDLE_REAL real_function<void()> real_abort("abort");
HEDDLE_REAL real_function<void(const char*, const char*, unsigned, const char*)> real_assert_fail(
    "__assert_fail");

bool everyone_else_has_ended(const thread& t) noexcept {
    bool all = true;
    for_each_thread([&](const thread& other) { all &= &other == &t; });
    return all;
}

// libstdc++ calls abort() when nobody catches an exception. It is asked through the program's own copy, if
// there is one: the runtime is also loaded into programs in C.
bool name_of_uncaught(char* text, std::size_t size) noexcept {
    using current_type = const void* (*)();
    const auto current =
        reinterpret_cast<current_type>(::dlsym(RTLD_DEFAULT, "__cxa_current_exception_type"));
    const void* const type = current != nullptr ? current() : nullptr;
    if (type == nullptr) return false;
    // A std::type_info is a table of virtual functions and the mangled name.
    const char* name = static_cast<const char* const*>(type)[1];
    using demangler = char* (*)(const char*, char*, std::size_t*, int*);
    const auto demangle = reinterpret_cast<demangler>(::dlsym(RTLD_DEFAULT, "__cxa_demangle"));
    if (demangle != nullptr)
        if (const char* const readable = demangle(name, nullptr, nullptr, nullptr)) name = readable;
    std::strncpy(text, "nobody catches an exception of type ", size - 1);
    std::strncat(text, name, size - std::strlen(text) - 1);
    return true;
}

// A thread that is neither joined nor detached, and was about to do something, is one that somebody forgot.
// One that waits for work is left to the end of the process by many programs.
void complain_of_threads_left(thread& me) noexcept {
    if (!flag(order_threads_left)) return;
    for_each_thread([&](const thread& t) {
        if (&t != &me && !t.detached && t.number != 0 && (t.pending.ready == nullptr || t.pending.ready(t)))
            fail(&me, verdict::threads_left,
                 "the program ends while a thread runs that is neither joined nor detached");
    });
}

}  // namespace

void end_main_thread(thread& me) noexcept {
    take_turn(me, {.what = action::thread_join, .writes = false, .ready = &everyone_else_has_ended});
    real_process_exit(0);
    __builtin_unreachable();
}

void end_schedule(thread& me, const void* pc) noexcept {
    take_turn(me, {.what = action::exit, .writes = false, .global = true, .pc = pc});
    complain_of_threads_left(me);
    record_outcome(verdict::finished);
    real_immediate_exit(0);
    __builtin_unreachable();
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED void exit(int status) {
    if (thread* const me = controlled()) {
        const void* const pc = HEDDLE_RETURN_ADDRESS;
        take_turn(*me, {.what = action::exit,
                        .writes = false,
                        .global = true,
                        .pc = pc,
                        .value = static_cast<std::uint64_t>(status)});
        complain_of_threads_left(*me);
    }
    real_process_exit(status);
    __builtin_unreachable();
}

HEDDLE_INTERPOSED void _exit(int status) {
    if (controlled() != nullptr) record_outcome(verdict::finished);
    real_immediate_exit(status);
    __builtin_unreachable();
}

HEDDLE_INTERPOSED void _Exit(int status) {
    _exit(status);
}

HEDDLE_INTERPOSED void quick_exit(int status) {
    if (controlled() != nullptr) record_outcome(verdict::finished);
    real_quick_exit(status);
    __builtin_unreachable();
}

HEDDLE_INTERPOSED void __assert_fail(const char* expression, const char* file, unsigned line,
                                     const char* function) {
    if (thread* const me = controlled(); me != nullptr || jitter_on) {
        char text[512] = "assertion failed: ";
        std::strncat(text, expression, sizeof text - std::strlen(text) - 1);
        record_failure(me, verdict::assertion, text);
    }
    real_assert_fail(expression, file, line, function);
    __builtin_unreachable();
}

HEDDLE_INTERPOSED void abort() {
    if (thread* const me = controlled(); me != nullptr || jitter_on) {
        char text[sizeof(outcome::message)] = {};
        if (name_of_uncaught(text, sizeof text))
            record_failure(me, verdict::uncaught, text);
        else
            record_failure(me, verdict::assertion, "abort() was called");
    }
    real_abort();
    __builtin_unreachable();
}
