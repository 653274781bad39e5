// SPDX-License-Identifier: BSL-1.0
#include "signal_queue.hpp"

#include <unistd.h>
#include "arena.hpp"
#include "model_signal.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

struct sent_signal {
    thread* to;  // null: the process
    int number;
    int code;
    sigval value;
};

constexpr unsigned most = 1024;
alignas(page_size) constinit sent_signal queue[most]{};  // in the order in which they were sent
constinit unsigned n_queued = 0;

std::uint64_t& pending_for(thread* to) noexcept {
    return to != nullptr ? to->signals : engine.signals;
}

void remove(unsigned at) noexcept {
    --n_queued;
    for (unsigned i = at; i < n_queued; ++i) queue[i] = queue[i + 1];
}

}  // namespace

bool queue_signal(thread* to, int number, int code, sigval value) noexcept {
    constexpr int first_real_time = 32;
    std::uint64_t& pending = pending_for(to);
    if (number < first_real_time && (pending & signal_bit(number)) != 0) return true;
    if (n_queued == most) return false;
    queue[n_queued++] = {to, number, code, value};
    pending |= signal_bit(number);
    return true;
}

void take_signal(thread& me, int number, siginfo_t& info) noexcept {
    thread* const to = (me.signals & signal_bit(number)) != 0 ? &me : nullptr;
    bool taken = false;
    bool more = false;
    for (unsigned i = 0; i < n_queued;) {
        const sent_signal& s = queue[i];
        if (s.to != to || s.number != number) {
            ++i;
        } else if (!taken) {
            taken = true;
            info.si_signo = number;
            info.si_code = s.code;
            info.si_pid = ::getpid();
            info.si_uid = ::getuid();
            info.si_value = s.value;
            remove(i);
        } else {
            more = true;
            break;
        }
    }
    if (!more) pending_for(to) &= ~signal_bit(number);
}

void forget_signals(const thread& t) noexcept {
    for (unsigned i = 0; i < n_queued;)
        if (queue[i].to == &t)
            remove(i);
        else
            ++i;
}

const char& signal_object(int number) noexcept {
    static constinit char objects[65]{};
    return objects[number];
}

}  // namespace heddle::inline v0::check::runtime
