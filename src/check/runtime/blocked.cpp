// SPDX-License-Identifier: BSL-1.0
#include "blocked.hpp"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/syscall.h>
#include <cstring>
#include "real.hpp"
#include "switch.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)> real_create(
    "pthread_create");

// Real time. A call that takes longer than two of these is one that waits.
constexpr long look_every = 20'000'000;

// How often the kernel thread has gone to sleep by itself; 0 if it does not sleep.
std::uint64_t asleep_since(std::int32_t tid) noexcept {
    char path[48] = "/proc/self/task/";
    char digits[12];
    std::size_t n = 0;
    for (std::uint32_t rest = static_cast<std::uint32_t>(tid); rest != 0; rest /= 10)
        digits[n++] = static_cast<char>('0' + rest % 10);
    std::size_t at = std::strlen(path);
    while (n > 0) path[at++] = digits[--n];
    std::memcpy(path + at, "/status", sizeof "/status");

    char text[2048];
    const long fd = system_call(SYS_openat, AT_FDCWD, static_cast<long>(bits(path)), O_RDONLY | O_CLOEXEC);
    if (fd < 0) return 0;
    const long size = system_call(SYS_read, fd, static_cast<long>(bits(text)), sizeof text - 1);
    system_call(SYS_close, fd);
    if (size <= 0) return 0;
    text[size] = '\0';
    const char* const state = std::strstr(text, "\nState:\t");
    const char* const slept = std::strstr(text, "\nvoluntary_ctxt_switches:\t");
    if (state == nullptr || slept == nullptr || state[8] != 'S') return 0;
    std::uint64_t times = 0;
    for (const char* c = slept + 26; *c >= '0' && *c <= '9'; ++c)
        times = times * 10 + static_cast<std::uint64_t>(*c - '0');
    return times;
}

bool change(thread& t, std::uint8_t from, std::uint8_t to) noexcept {
    return __atomic_compare_exchange_n(&t.place, &from, to, false, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED);
}

// Takes the baton from `t` if it has not run since it was seen asleep.
bool give_up(thread& t, std::uint64_t seen) noexcept {
    if (!change(t, in_program, outside)) return false;
    // From here on it finds that out wherever it uses the engine. Before, it did not run.
    if (asleep_since(t.kernel.tid) == seen) return true;
    // It woke just then and may be anywhere. It still has the turn for which it may wait already.
    if (!change(t, outside, in_program)) hand_over(t);
    return false;
}

void* watch(void*) {
    const thread* last = nullptr;
    std::uint64_t last_steps = 0;
    std::uint64_t last_seen = 0;
    for (;;) {
        const timespec pause{0, look_every};
        system_call(SYS_nanosleep, static_cast<long>(bits(&pause)));
        thread* const t = __atomic_load_n(&engine.running, __ATOMIC_ACQUIRE);
        const std::uint64_t steps = __atomic_load_n(&engine.shared->outcome.steps, __ATOMIC_RELAXED);
        const std::uint64_t seen =
            t != nullptr && __atomic_load_n(&t->place, __ATOMIC_ACQUIRE) == in_program
                ? asleep_since(t->kernel.tid)
                : 0;
        if (seen != 0 && t == last && steps == last_steps && seen == last_seen && give_up(*t, seen)) {
            engine.shared->outcome.unmodelled |= unmodelled_blocking;
            go_on_without(*t);
        }
        last = t;
        last_steps = steps;
        last_seen = seen;
    }
    return nullptr;
}

}  // namespace

void come_back(thread& me) noexcept {
    if (!change(me, outside, returning)) return;
    wait_for_turn(me);
    __atomic_store_n(&me.place, in_program, __ATOMIC_RELEASE);
}

// The signals of the process are for the program's threads.
void watch_for_blocked() noexcept {
    sigset_t all;
    sigset_t before;
    ::sigfillset(&all);
    ::pthread_sigmask(SIG_SETMASK, &all, &before);
    pthread_t watcher;
    pthread_attr_t small;
    ::pthread_attr_init(&small);
    ::pthread_attr_setstacksize(&small, std::size_t{256} << 10);
    ::pthread_attr_setdetachstate(&small, PTHREAD_CREATE_DETACHED);
    real_create(&watcher, &small, &watch, nullptr);
    ::pthread_attr_destroy(&small);
    ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace heddle::inline v0::check::runtime
