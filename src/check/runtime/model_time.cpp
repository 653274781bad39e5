// SPDX-License-Identifier: BSL-1.0
// Clocks and sleeping, in virtual time.

#include <errno.h>
#include <sched.h>
#include <sys/time.h>
#include <unistd.h>
#include "cancellation.hpp"
#include "clocks.hpp"
#include "idle.hpp"
#include "model_signal.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(clockid_t, timespec*)> real_clock_gettime("clock_gettime");
HEDDLE_REAL real_function<int(timeval*, void*)> real_gettimeofday("gettimeofday");
HEDDLE_REAL real_function<time_t(time_t*)> real_time("time");
HEDDLE_REAL real_function<int(timespec*, int)> real_timespec_get("timespec_get");
HEDDLE_REAL real_function<int(const timespec*, timespec*)> real_nanosleep("nanosleep");
HEDDLE_REAL real_function<int(clockid_t, int, const timespec*, timespec*)> real_clock_nanosleep(
    "clock_nanosleep");
HEDDLE_REAL real_function<int(useconds_t)> real_usleep("usleep");
HEDDLE_REAL real_function<unsigned(unsigned)> real_sleep("sleep");
HEDDLE_REAL real_function<int()> real_yield("sched_yield");

constexpr std::uint64_t second = 1'000'000'000;

std::uint64_t begin_of(clockid_t clock) noexcept {
    switch (clock) {
        case CLOCK_REALTIME:
        case CLOCK_REALTIME_COARSE:
        case CLOCK_TAI:
            return realtime_begin;
        default:
            return monotonic_begin;
    }
}

bool is_virtual(clockid_t clock) noexcept {
    switch (clock) {
        case CLOCK_REALTIME:
        case CLOCK_REALTIME_COARSE:
        case CLOCK_TAI:
        case CLOCK_MONOTONIC:
        case CLOCK_MONOTONIC_COARSE:
        case CLOCK_MONOTONIC_RAW:
        case CLOCK_BOOTTIME:
        // CPU time too, which would otherwise differ from run to run.
        case CLOCK_PROCESS_CPUTIME_ID:
        case CLOCK_THREAD_CPUTIME_ID:
            return true;
        default:
            return false;
    }
}

std::uint64_t nanoseconds(const timespec& t) noexcept {
    if (t.tv_sec < 0) return 0;
    if (static_cast<std::uint64_t>(t.tv_sec) > never / second / 2) return never;
    return static_cast<std::uint64_t>(t.tv_sec) * second + static_cast<std::uint64_t>(t.tv_nsec);
}

timespec to_timespec(std::uint64_t ns) noexcept {
    return {static_cast<time_t>(ns / second), static_cast<long>(ns % second)};
}

bool not_before_its_time(const thread& t) noexcept {
    return engine.now >= t.pending.deadline;
}

// @return how much is left, if a signal's handler has been called instead.
std::uint64_t sleep_until(thread& me, std::uint64_t deadline, const void* pc) {
    leave_if_cancelled(me);
    begin_interruptible(me, pc);
    const turn t = take_turn(me, {.what = action::sleep,
                                  .writes = false,
                                  .yields = true,
                                  .cancellable = true,
                                  .interrupted_by_signals = interruption::always,
                                  .pc = pc,
                                  .ready = &not_before_its_time,
                                  .deadline = deadline});
    leave_if_cancelled(me);
    if (t != turn::interrupted) return 0;
    // At least something, so that callers see the difference.
    return deadline > engine.now ? deadline - engine.now : 1;
}

// Looking at a clock takes a moment: a program that waits in a loop for time to pass gets there.
constexpr std::uint64_t look = 1'000;

}  // namespace

std::uint64_t virtual_clock(clockid_t clock) noexcept {
    engine.now += look;
    engine.shared->outcome.timed = 1;
    return begin_of(clock) + engine.now;
}

std::uint64_t virtual_deadline(clockid_t clock, const timespec& until) noexcept {
    const std::uint64_t ns = nanoseconds(until);
    if (ns == never) return never;
    const std::uint64_t begin = begin_of(clock);
    return ns <= begin ? 0 : ns - begin;
}

std::uint64_t virtual_after(const timespec& d) noexcept {
    const std::uint64_t ns = nanoseconds(d);
    return ns >= never - engine.now ? never : engine.now + ns;
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int clock_gettime(clockid_t clock, timespec* t) noexcept {
    if (controlled() == nullptr || !is_virtual(clock)) return real_clock_gettime(clock, t);
    *t = to_timespec(virtual_clock(clock));
    return 0;
}

HEDDLE_INTERPOSED int gettimeofday(timeval* t, void* zone) noexcept {
    if (controlled() == nullptr) return real_gettimeofday(t, zone);
    const timespec now = to_timespec(virtual_clock(CLOCK_REALTIME));
    *t = {now.tv_sec, now.tv_nsec / 1000};
    return 0;
}

HEDDLE_INTERPOSED time_t time(time_t* t) noexcept {
    if (controlled() == nullptr) return real_time(t);
    const time_t now = to_timespec(virtual_clock(CLOCK_REALTIME)).tv_sec;
    if (t != nullptr) *t = now;
    return now;
}

HEDDLE_INTERPOSED int timespec_get(timespec* t, int base) noexcept {
    if (controlled() == nullptr || base != TIME_UTC) return real_timespec_get(t, base);
    *t = to_timespec(virtual_clock(CLOCK_REALTIME));
    return base;
}

HEDDLE_INTERPOSED int nanosleep(const timespec* d, timespec* rest) {
    thread* const me = controlled();
    if (me == nullptr) return real_nanosleep(d, rest);
    const std::uint64_t left = sleep_until(*me, virtual_after(*d), HEDDLE_RETURN_ADDRESS);
    if (left == 0) return 0;
    if (rest != nullptr) *rest = to_timespec(left);
    errno = EINTR;
    return -1;
}

HEDDLE_INTERPOSED int clock_nanosleep(clockid_t clock, int flags, const timespec* t, timespec* rest) {
    thread* const me = controlled();
    if (me == nullptr) return real_clock_nanosleep(clock, flags, t, rest);
    const bool absolute = (flags & TIMER_ABSTIME) != 0;
    const std::uint64_t left =
        sleep_until(*me, absolute ? virtual_deadline(clock, *t) : virtual_after(*t), HEDDLE_RETURN_ADDRESS);
    if (left != 0 && !absolute && rest != nullptr) *rest = to_timespec(left);
    return left == 0 ? 0 : EINTR;
}

HEDDLE_INTERPOSED int usleep(useconds_t d) {
    thread* const me = controlled();
    if (me == nullptr) return real_usleep(d);
    const timespec t{static_cast<time_t>(d / 1'000'000), static_cast<long>(d % 1'000'000) * 1000};
    if (sleep_until(*me, virtual_after(t), HEDDLE_RETURN_ADDRESS) == 0) return 0;
    errno = EINTR;
    return -1;
}

HEDDLE_INTERPOSED unsigned sleep(unsigned d) {
    thread* const me = controlled();
    if (me == nullptr) return real_sleep(d);
    const std::uint64_t left =
        sleep_until(*me, virtual_after({static_cast<time_t>(d), 0}), HEDDLE_RETURN_ADDRESS);
    return static_cast<unsigned>((left + second - 1) / second);
}

HEDDLE_INTERPOSED int sched_yield() noexcept {
    thread* const me = controlled();
    if (me == nullptr) return real_yield();
    const void* const pc = HEDDLE_RETURN_ADDRESS;
    take_turn(*me, {.what = action::yield, .writes = false, .yields = true, .pc = pc});
    return 0;
}
