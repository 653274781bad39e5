// SPDX-License-Identifier: BSL-1.0
#include "idle.hpp"

#include <sched.h>
#include <sys/syscall.h>
#include "failure.hpp"
#include "model_signal.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

bool waits_outside(const thread& t) noexcept {
    if (t.pending.what == action::file_wait || t.pending.what == action::process_wait ||
        t.pending.what == action::blocked)
        return true;
    // A signal can only come if the program has set a timer, or has started who could send one.
    const bool somebody_sends =
        engine.signals_may_come || (engine.shared->outcome.unmodelled & unmodelled_process) != 0;
    return t.pending.what == action::signal_wait && somebody_sends;
}

bool somebody_can_go() noexcept {
    receive_blocked();
    bool found = false;
    for_each_thread([&](const thread& t) { found |= can_go(t); });
    return found;
}

// Until a file is ready or a process has ended; `limit` is in real time.
bool wait_outside(std::uint64_t limit) noexcept {
    const std::uint64_t end = real_now() + limit;
    for (long pause = 50'000;; pause = pause < 5'000'000 ? pause * 2 : pause) {
        if (somebody_can_go()) return true;
        if (real_now() >= end) return false;
        const timespec t{0, pause};
        system_call(SYS_nanosleep, reinterpret_cast<long>(&t));
    }
}

}  // namespace

std::uint64_t virtual_now() noexcept {
    return engine.now;
}

bool wait_for_something(thread& me) noexcept {
    std::uint64_t earliest = never;
    bool outside = false;
    for_each_thread([&](const thread& t) {
        if (t.pending.deadline < earliest) earliest = t.pending.deadline;
        outside |= waits_outside(t);
    });
    const std::uint32_t met = engine.shared->outcome.unmodelled;
    if (outside) {
        // What the program itself writes to a pipe is there at once. Only if others are at work outside is it
        // worth some real time before virtual time goes on.
        const bool others = (met & unmodelled_process) != 0;
        const std::uint64_t limit = earliest == never ? engine.shared->orders.outside_ns : others ? 100'000'000 : 0;
        if (wait_outside(limit)) {
            engine.shared->outcome.unmodelled |= unmodelled_real_wait;
            return true;
        }
        if (earliest == never)
            fail(&me, verdict::deadlock, "every thread waits for the others or for input that does not come");
    }
    if (earliest == never) return false;
    if (earliest > engine.now) engine.now = earliest;
    return true;
}

}  // namespace heddle::inline v0::check::runtime
