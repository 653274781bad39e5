// SPDX-License-Identifier: BSL-1.0
#include "pool_threads.hpp"
#include <heddle/rt/error.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <mutex>
#include <system_error>

namespace heddle::inline v0::detail {

std::exception_ptr pool_threads::failure_of(const std::function<void()>& initializer,
                                            const std::string& pool) {
    const auto threw = [&](const std::string& what) {
        return std::make_exception_ptr(broken_pool("the initializer of pool '" + pool + "' threw" + what));
    };
    try {
        if (initializer) initializer();
        return nullptr;
    } catch (const std::exception& e) {
        return threw(std::string(": ") + e.what());
    } catch (...) {
        return threw("");
    }
}

void pool_threads::rethrow(const std::string& pool, std::size_t started, std::size_t of) {
    try {
        throw;
    } catch (const std::system_error& e) {
        throw std::system_error(e.code(), "cannot start worker " + std::to_string(started) + " of " +
                                              std::to_string(of) + " of pool '" + pool + "'");
    }
}

void pool_threads::ended(std::size_t n) noexcept {
    const void* const address = &left_;
    // The last one; who waits may take the pool away once it has joined this thread.
    if (left_.fetch_sub(n, std::memory_order_acq_rel) == n) rt::parking_lot::unpark_all(address);
}

bool pool_threads::wait_until_over(rt::deadline until) {
    const auto some_left = [this] { return !over(); };
    while (some_left())
        if (rt::park(&left_, some_left, until) == rt::wait_outcome::timed_out) return !some_left();
    return true;
}

void pool_threads::join() {
    wait_until_over(rt::deadline::never());
    std::lock_guard guard(joining_);
    for (auto& t : threads_)
        if (t.joinable()) t.join();
}

}  // namespace heddle::inline v0::detail
