// SPDX-License-Identifier: BSL-1.0
// What ends the program: a stack overflow, an exception that escapes, misuse.
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/worker.hpp>
#include <stdexcept>
#include <thread>
#include "lambda_fiber.hpp"
#include "rt/sanitized.hpp"

using fiber_tests::call;
using fiber_tests::lambda_fiber;
using fiber_tests::suspend_here;
using heddle::rt::fiber;
using heddle::rt::fiber_options;

namespace {

bool old_kernel = false;

}  // namespace

// Stands in for libc's function, so that a kernel that does not know MADV_GUARD_INSTALL can be played.
extern "C" int madvise(void* address, size_t size, int advice) noexcept {
    if (old_kernel && advice == 102) {
        errno = EINVAL;
        return -1;
    }
    return static_cast<int>(::syscall(SYS_madvise, address, size, advice));
}

namespace {

[[gnu::noinline]] int overflow(int n) {
    volatile char room[4096];
    room[0] = static_cast<char>(n);
    return n < 0 ? 0 : overflow(n + 1) + room[0];  // ends only so that no compiler can say that it does not
}

void overflow_in(const char* name, std::size_t size) {
    fiber_options options;
    options.name = name;
    options.stack_size = size;
    lambda_fiber([] { std::printf("%d", overflow(0)); }, options).finish();
}

}  // namespace

TEST(fiber_death, a_stack_overflow_is_reported_with_the_name_of_the_fiber) {
    EXPECT_DEATH(overflow_in("deep", 256 << 10),
                 "heddle: stack overflow in fiber 'deep' \\(stack of 256 KB; set a larger stack_size\\)");
}

TEST(fiber_death, a_stack_overflow_ends_the_program_by_the_signal) {
#if HEDDLE_SANITIZED != 0
    GTEST_SKIP() << "the sanitizer's own handler takes over after the report";
#else
    EXPECT_EXIT(overflow_in("deep", 256 << 10), testing::KilledBySignal(SIGSEGV), "fiber 'deep'");
#endif
}

TEST(fiber_death, a_stack_overflow_on_a_thread_is_reported) {
    EXPECT_DEATH(std::thread([] { overflow_in("on a thread", 64 << 10); }).join(), "in fiber 'on a thread'");
}

TEST(fiber_death, a_stack_overflow_in_a_recycled_stack_is_reported) {
    EXPECT_DEATH(
        {
            lambda_fiber([] {}).finish();
            overflow_in("second", std::size_t{1} << 20);
        },
        "in fiber 'second'");
}

TEST(fiber_death, a_stack_overflow_is_reported_on_a_kernel_without_guard_pages) {
    EXPECT_DEATH(
        {
            old_kernel = true;
            overflow_in("old", 480 << 10);  // a size that no other test uses, so that the stack is a new one
        },
        "in fiber 'old'");
}

namespace {

// As overflow(), and nearly always inside malloc when the stack ends.
[[gnu::noinline]] int overflow_in_malloc(int n) {
    void* volatile taken = std::malloc(3000);
    return n < 0 || taken == nullptr ? 0 : overflow_in_malloc(n + 1) + 1;
}

}  // namespace

TEST(fiber_death, a_stack_overflow_inside_malloc_is_reported_with_the_whole_name_of_the_task) {
    // A name that does not fit into a std::string itself.
    EXPECT_DEATH(
        {
            heddle::rt::worker home;
            heddle::rt::fiber_task::start(home,
                                          {.stack_size = 256 << 10, .name = "a task with a rather long name"},
                                          [] { std::printf("%d", overflow_in_malloc(0)); });
            home.run(nullptr, [] { return false; });
        },
        "in fiber 'a task with a rather long name'");
}

TEST(fiber_death, another_fault_on_a_fiber_is_left_to_the_default) {
#if HEDDLE_SANITIZED != 0
    GTEST_SKIP() << "the sanitizer's own handler takes over";
#else
    EXPECT_EXIT(lambda_fiber([] { *static_cast<volatile int*>(nullptr) = 1; }).finish(),  // NOLINT
                testing::KilledBySignal(SIGSEGV), "^$");
#endif
}

TEST(fiber_death, a_fault_is_passed_on_to_the_handler_that_was_there_before) {
    EXPECT_EXIT(
        {
            struct sigaction mine{};
            mine.sa_handler = [](int) { ::_exit(7); };
            ::sigaction(SIGSEGV, &mine, nullptr);
            heddle::rt::fiber({}, call, nullptr);  // the first fiber of this process installs its handler
            ::raise(SIGSEGV);
        },
        testing::ExitedWithCode(7), "");
}

TEST(fiber_death, an_exception_that_leaves_it_ends_the_program_with_its_name) {
    fiber_options options;
    options.name = "careless";
    EXPECT_DEATH(lambda_fiber([] { throw std::runtime_error("too bad"); }, options).finish(),
                 "heddle: an exception left fiber 'careless': too bad");
    EXPECT_DEATH(lambda_fiber([] { throw 1; }, options).finish(), "'careless': it is not a std::exception");
}

TEST(fiber_death, misuse_is_reported) {
    EXPECT_DEATH(suspend_here(), "heddle: fiber::suspend\\(\\) is called outside a fiber");
    EXPECT_DEATH(
        {
            lambda_fiber f([] { suspend_here(); });
            f->resume();
        },
        "heddle: fiber 'fiber' is destroyed before it has finished");
    EXPECT_DEATH(
        {
            lambda_fiber f([] {});
            f->resume();
            f->resume();
        },
        "is resumed after it has finished");
    EXPECT_DEATH(lambda_fiber([] { fiber::current()->resume(); }).finish(), "is resumed while it runs");
}
