// SPDX-License-Identifier: BSL-1.0
#include <sched.h>
#include <algorithm>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/patience.hpp>

namespace heddle::inline v0::rt {

patience::wake_up patience::wake_up::now() noexcept {
    if (controlled()) return {};
    return {::sched_getcpu(), clock::now()};
}

clock::time_point patience::begin() noexcept {
    return controlled() ? clock::time_point{} : clock::now();
}

void patience::slept(clock::time_point since, const wake_up& by) noexcept {
    if (controlled()) return;
    const auto now = clock::now();
    auto until = now;
    if (by.cpu >= 0) {
        until = by.at;
        // The longest of the last ones: some are short by chance.
        wake_up_takes_ = std::min(std::max<std::chrono::nanoseconds>(now - by.at, wake_up_takes_ * 7 / 8),
                                  longest_wake_up);
        if (by.cpu == ::sched_getcpu()) {
            limit_ = {};
            return;
        }
    }
    const std::chrono::nanoseconds most = std::max(2 * wake_up_takes_, least);
    limit_ = until - since < most ? most : std::max(std::min(limit_, most) / 2, least);
}

// Not inlined, nor the same for two calls: a fiber may have changed threads.
[[gnu::noinline]] patience& detail::thread_patience() noexcept {
    static constinit thread_local patience mine;
    asm volatile("" ::: "memory");
    return mine;
}

}  // namespace heddle::inline v0::rt
