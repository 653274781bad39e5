// SPDX-License-Identifier: BSL-1.0
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <heddle/rt/asymmetric_barrier.hpp>
#include <heddle/rt/controlled.hpp>

namespace heddle::inline v0::rt {

namespace {

bool membarrier(int command) noexcept {
    return ::syscall(SYS_membarrier, command, 0, 0) == 0;
}

bool announced() noexcept {
    static const bool done = membarrier(MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED);
    return done;
}

// While there is one thread this costs nothing; later the kernel waits for every CPU, some milliseconds.
[[maybe_unused]] const bool announced_early = announced();

}  // namespace

void heavy_barrier() noexcept {
    // One thread runs at a time, and whoever lets the next one go on has made a barrier.
    if (controlled()) return;
    membarrier(MEMBARRIER_CMD_PRIVATE_EXPEDITED);
}

bool has_heavy_barrier() noexcept {
    return announced();
}

}  // namespace heddle::inline v0::rt
