// SPDX-License-Identifier: BSL-1.0
#include "jitter.hpp"

#include <sys/syscall.h>
#include <time.h>
#include "engine.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

constinit bool jitter_on = false;

namespace {

constinit std::uint64_t threads_seen = 0;
constinit std::uint64_t delays = 0;  // of all threads
thread_local std::uint64_t state __attribute__((tls_model("initial-exec"))) = 0;

std::uint64_t draw() noexcept {
    if (state == 0) {
        // Relaxed: only that each thread gets another number.
        const std::uint64_t n = __atomic_add_fetch(&threads_seen, 1, __ATOMIC_RELAXED);
        std::uint64_t z = engine.shared->orders.seed * 0xD6E8FEB86659FD93u + n * 0x9E3779B97F4A7C15u;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        state = (z ^ (z >> 27)) | 1;
    }
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return state * 0x2545F4914F6CDD1Du >> 32;
}

}  // namespace

void begin_jitter(channel& shared) noexcept {
    engine.shared = &shared;
    jitter_on = true;
}

void jitter() noexcept {
    const std::uint64_t r = draw();
    if (r % 8 != 0) return;
    // A program that synchronises a million times is not to take a minute.
    constexpr std::uint64_t many = 2'000;
    const bool rarely = __atomic_add_fetch(&delays, 1, __ATOMIC_RELAXED) > many;
    const std::uint64_t what = r >> 3 & 31;
    if (what < 16 || (rarely && (r >> 8) % 32 != 0)) {
        system_call(SYS_sched_yield);
        return;
    }
    const timespec pause{0, static_cast<long>(what == 31 ? 1'000'000 : 1'000 + (r >> 8) % 50'000)};
    system_call(SYS_nanosleep, reinterpret_cast<long>(&pause));
}

void jitter_at_memory() noexcept {
    if (draw() % 128 == 0) jitter();
}

}  // namespace heddle::inline v0::check::runtime
