// SPDX-License-Identifier: BSL-1.0
#include "interrupt.hpp"

#include <unistd.h>
#include <atomic>
#include <csignal>

namespace heddle::inline v0::cli {

namespace {

constinit std::atomic<bool> asked{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may use it");

extern "C" void on_interrupt(int) {
    if (!asked.exchange(true)) return;
    // Second time: put the cursor back and go. The runner ends because this process does.
    [[maybe_unused]] const auto n = ::write(STDERR_FILENO, "\r\033[K\033[?25h", 10);
    ::_exit(130);
}

}  // namespace

void watch_for_interrupts() {
    struct sigaction action {};
    action.sa_handler = &on_interrupt;
    ::sigaction(SIGINT, &action, nullptr);
    ::sigaction(SIGTERM, &action, nullptr);
}

bool interrupted() {
    return asked.load(std::memory_order_relaxed);
}

}  // namespace heddle::inline v0::cli
