// SPDX-License-Identifier: BSL-1.0
#include "finding.hpp"

namespace heddle::inline v0::check {

const char* name_of(failure_kind k) noexcept {
    switch (k) {
        case failure_kind::none:
            return "none";
        case failure_kind::crash:
            return "crash";
        case failure_kind::assertion:
            return "assertion";
        case failure_kind::uncaught:
            return "uncaught exception";
        case failure_kind::deadlock:
            return "deadlock";
        case failure_kind::lost_wakeup:
            return "lost wake-up";
        case failure_kind::misuse:
            return "misuse";
        case failure_kind::data_race:
            return "data race";
        case failure_kind::no_progress:
            return "no progress";
        case failure_kind::livelock:
            return "livelock";
        case failure_kind::endless_spin:
            return "endless spin";
        case failure_kind::starvation:
            return "starvation";
        case failure_kind::threads_left:
            return "threads left running";
        case failure_kind::requirement:
            return "requirement";
        case failure_kind::exit_status:
            return "exit status";
        case failure_kind::output_differs:
            return "different output";
        case failure_kind::priority_inversion:
            return "priority inversion";
        case failure_kind::hang:
            return "hang";
    }
    return "?";
}

failure_kind classify(const recording& r) noexcept {
    if (r.end.stopped) return failure_kind::none;
    switch (r.outcome.how) {
        case verdict::crash:
            return failure_kind::crash;
        case verdict::assertion:
            return failure_kind::assertion;
        case verdict::uncaught:
            return failure_kind::uncaught;
        case verdict::deadlock:
            return failure_kind::deadlock;
        case verdict::lost_wakeup:
            return failure_kind::lost_wakeup;
        case verdict::misuse:
            return failure_kind::misuse;
        case verdict::data_race:
            return failure_kind::data_race;
        case verdict::no_progress:
            return failure_kind::no_progress;
        case verdict::threads_left:
            return failure_kind::threads_left;
        case verdict::priority_inversion:
            return failure_kind::priority_inversion;
        case verdict::requirement:
            return failure_kind::requirement;
        case verdict::assumption:
        case verdict::diverged:
        case verdict::redundant:
        case verdict::not_supported:
            return failure_kind::none;
        case verdict::unfinished:
        case verdict::finished:
            break;
    }
    if (r.end.hung) return failure_kind::hang;
    if (!r.end.exited) return failure_kind::crash;
    if (r.end.status != 0 && (r.asked.flags & order_any_status) == 0) return failure_kind::exit_status;
    return r.end.difference.empty() ? failure_kind::none : failure_kind::output_differs;
}

}  // namespace heddle::inline v0::check
