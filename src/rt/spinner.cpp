// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/spinner.hpp>
#include <heddle/rt/topology.hpp>

namespace heddle::inline v0::rt {

namespace {

// A wake-up across CPUs costs ten times as much; who spins for longer than this wastes more than it saves.
constexpr std::chrono::microseconds spin_limit{5};

bool worth_it() noexcept {
    if (controlled()) return false;
    // Of the calling thread, when it first waits; a mask that changes later costs a few microseconds a wait.
    static const bool several_cpus = detail::affinity_cpu_count().value_or(1) > 1;
    return several_cpus;
}

void pause(int n) noexcept {
    for (int i = 0; i < n; ++i) {
#if defined(__x86_64__)
        __builtin_ia32_pause();
#elif defined(__aarch64__)
        asm volatile("yield");
#endif
    }
}

}  // namespace

bool spinner::again() noexcept {
    // The first looks are over before it would pay to read a clock.
    if (rounds_ == 0) {
        if (!worth_it()) return false;
    } else if (rounds_ == 3) {
        until_ = deadline::after(spin_limit);
    } else if (rounds_ > 3 && until_.expired()) {
        return false;
    }
    // 1, 2, then 4 pauses between two looks, so that those who spin leave the cache line to the owner. With
    // 8, two threads with sections of 50 ns each wait for longer than they need to.
    pause(rounds_ < 2 ? 1 << rounds_ : 4);
    ++rounds_;
    return true;
}

void spinner::begin_patiently(std::size_t pauses) noexcept {
    if (worth_it()) pause(static_cast<int>(std::min<std::size_t>(pauses, 64)));
}

}  // namespace heddle::inline v0::rt
