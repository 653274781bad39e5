// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <atomic>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/patience.hpp>
#include <heddle/rt/spinner.hpp>
#include <heddle/rt/topology.hpp>

namespace heddle::inline v0::rt {

namespace {

// For the calling thread, when it first waits; a mask that changes later costs a few microseconds a wait.
unsigned cpus() noexcept {
    static const unsigned n = detail::affinity_cpu_count().value_or(1);
    return n;
}

bool worth_it() noexcept {
    return !controlled() && cpus() > 1;
}

// How many threads spin for longer than is usual. In the child of a fork those of the parent stay counted,
// and then fewer do so there.
constinit std::atomic<unsigned> long_spins{0};
unsigned most_long_spins() noexcept {
    return cpus() / 2;
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

spinner spinner::patient() noexcept {
    return spinner(detail::thread_patience().limit());
}

spinner spinner::sparing() noexcept {
    return {usual, true};
}

bool spinner::again() noexcept {
    if (rounds_ == 0 && !worth_it()) return false;
    if (sparing_) return pause_sparingly();
    // The first looks are over before it would pay to read a clock.
    if (rounds_ == 3) {
        until_ = deadline::after(std::min<std::chrono::nanoseconds>(limit_, usual));
    } else if (rounds_ > 3 && until_.expired() && !begin_long()) {
        return false;
    }
    // 1, 2, then 4 pauses between two looks, so that those who spin leave the cache line to the owner. With
    // 8, two threads with sections of 50 ns each wait for longer than they need to.
    pause(rounds_ < 2 ? 1 << rounds_ : 4);
    ++rounds_;
    return true;
}

// 100, 200, then 400 ns between two looks. Measured with two threads that do nothing but lock and unlock:
// with 50 ns and a line that takes 80 from one CPU to the other, most of their time goes into moving it; with
// 100 to 400 they run at half the speed of one alone. Sections of half a microsecond and more do not care.
bool spinner::pause_sparingly() noexcept {
    auto now = clock::now();
    if (rounds_ == 0)
        until_ = deadline(now + limit_);
    else if (now >= until_.when())
        return false;
    for (const auto next = now + std::chrono::nanoseconds(100 << std::min(rounds_, 2)); now < next;
         now = clock::now())
        pause(1);
    ++rounds_;
    return true;
}

// What runs needs the CPUs more than those who wait for it.
bool spinner::begin_long() noexcept {
    if (long_ || limit_ <= usual) return false;
    if (long_spins.fetch_add(1, std::memory_order_relaxed) >= most_long_spins()) {
        end_long();
        return false;
    }
    long_ = true;
    until_ = deadline::after(limit_ - usual);
    return true;
}

void spinner::end_long() noexcept {
    long_spins.fetch_sub(1, std::memory_order_relaxed);
}

void spinner::pause_patiently(std::size_t pauses) noexcept {
    if (worth_it()) pause(static_cast<int>(std::min<std::size_t>(pauses, 64)));
}

}  // namespace heddle::inline v0::rt
