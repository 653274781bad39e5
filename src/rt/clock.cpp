// SPDX-License-Identifier: BSL-1.0
#include <ctime>
#include <heddle/rt/clock.hpp>

namespace heddle::inline v0::rt {

namespace {
std::chrono::nanoseconds read(clockid_t id) noexcept {
    timespec t{};
    ::clock_gettime(id, &t);
    return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}
}  // namespace

clock::time_point clock::now() noexcept {
    return time_point(read(CLOCK_MONOTONIC));
}

std::chrono::nanoseconds thread_cpu_time() noexcept {
    return read(CLOCK_THREAD_CPUTIME_ID);
}

}  // namespace heddle::inline v0::rt
