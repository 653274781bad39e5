// SPDX-License-Identifier: BSL-1.0
// By which clock waits are limited. The wall clock of the machine is not to be set by a test, so what is
// looked at is what the kernel is asked for: every system call that goes through libc's syscall() comes by
// here.
#include <dlfcn.h>
#include <gtest/gtest.h>
#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <atomic>
#include <cstdarg>
#include <ctime>
#include <heddle/rt/parking_lot.hpp>

using namespace std::chrono_literals;

namespace {

std::atomic<bool> looking{false};
std::atomic<int> limited{0};
std::atomic<int> by_the_wall_clock{0};
std::atomic<long> until{0};

void look(long number, const long* arguments) noexcept {
    if (number != SYS_futex || arguments[3] == 0) return;
    const auto operation = static_cast<int>(arguments[1]);
    if ((operation & FUTEX_CMD_MASK) == FUTEX_WAKE) return;
    limited.fetch_add(1);
    // FUTEX_WAIT takes a length of time; FUTEX_WAIT_BITSET a moment, of the wall clock only if told so.
    if ((operation & FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET || (operation & FUTEX_CLOCK_REALTIME) != 0)
        by_the_wall_clock.fetch_add(1);
    const auto* const at = reinterpret_cast<const timespec*>(arguments[3]);
    until = at->tv_sec * 1'000'000'000 + at->tv_nsec;
}

}  // namespace

extern "C" long syscall(long number, ...) noexcept {
    static const auto real = reinterpret_cast<long (*)(long, ...)>(::dlsym(RTLD_NEXT, "syscall"));
    std::va_list list;
    va_start(list, number);
    long a[6];
    for (long& argument : a) argument = va_arg(list, long);
    va_end(list);
    if (looking.load(std::memory_order_relaxed)) look(number, a);
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

TEST(wall_clock, X3_does_not_limit_waits_which_so_survive_its_jumps) {
    const char here = 0;
    const auto when = heddle::rt::clock::now() + 2ms;
    looking = true;
    const auto outcome = heddle::rt::park(&here, [] { return true; }, when);
    looking = false;
    EXPECT_EQ(outcome, heddle::rt::wait_outcome::timed_out);
    EXPECT_GT(limited.load(), 0);
    EXPECT_EQ(by_the_wall_clock.load(), 0);
    EXPECT_EQ(until.load(), when.time_since_epoch().count())
        << "a moment of the steady clock, whenever it is asked for";
}
