// SPDX-License-Identifier: BSL-1.0
#include "ending.hpp"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cstring>
#include "failure.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

constinit real_function<void(int)> real_process_exit("exit");
constinit real_function<void(int)> real_immediate_exit("_exit");
constinit real_function<void(int)> real_quick_exit("quick_exit");
constinit real_function<void()> real_abort("abort");
constinit real_function<void(const char*, const char*, unsigned, const char*)> real_assert_fail(
    "__assert_fail");

bool everyone_else_has_ended(const thread& t) noexcept {
    bool all = true;
    for_each_thread([&](const thread& other) { all &= &other == &t; });
    return all;
}

// A thread that is neither joined nor detached and still runs is one that somebody forgot.
void complain_of_threads_left(thread& me) noexcept {
    if (!flag(order_threads_left)) return;
    for_each_thread([&](const thread& t) {
        if (&t != &me && !t.detached && t.number != 0)
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

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED void exit(int status) {
    if (thread* const me = controlled()) {
        const void* const pc = HEDDLE_RETURN_ADDRESS;
        take_turn(
            *me,
            {.what = action::exit, .writes = false, .pc = pc, .value = static_cast<std::uint64_t>(status)});
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
    if (thread* const me = controlled()) {
        char text[512] = "assertion failed: ";
        std::strncat(text, expression, sizeof text - std::strlen(text) - 1);
        record_failure(me, verdict::assertion, text);
    }
    real_assert_fail(expression, file, line, function);
    __builtin_unreachable();
}

HEDDLE_INTERPOSED void abort() {
    if (thread* const me = controlled()) record_failure(me, verdict::assertion, "abort() was called");
    real_abort();
    __builtin_unreachable();
}
