// SPDX-License-Identifier: BSL-1.0
#include <cstdio>
#include <cstdlib>
#include <heddle/sync/detail/lock_name.hpp>
#include <heddle/sync/monitor.hpp>

namespace heddle::inline v0::detail {

void monitor_queue::check_unused() const noexcept {
    for (const monitor_waiter* w = first_; w != nullptr; w = w->next)
        check_nobody_waits("monitor", nullptr, w);
}

void monitor_queue::waiter_destroyed() noexcept {
    std::fputs("heddle: the frame of a coroutine is destroyed while it waits at a monitor\n", stderr);
    std::abort();
}

}  // namespace heddle::inline v0::detail
