// SPDX-License-Identifier: BSL-1.0
#include <sched.h>
#include <algorithm>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/patience.hpp>

namespace heddle::inline v0::rt {

int patience::here() noexcept {
    return controlled() ? unknown : ::sched_getcpu();
}

void patience::slept(std::chrono::nanoseconds d, int from) noexcept {
    if (from != unknown && from == here())
        limit_ = {};
    else
        limit_ = std::clamp(d < 4 * most ? 2 * limit_ : limit_ / 2, least, most);
}

// Not inlined, nor the same for two calls: a fiber may have changed threads.
[[gnu::noinline]] patience& detail::thread_patience() noexcept {
    static constinit thread_local patience mine;
    asm volatile("" ::: "memory");
    return mine;
}

}  // namespace heddle::inline v0::rt
