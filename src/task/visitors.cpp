// SPDX-License-Identifier: BSL-1.0
#include "visitors.hpp"
#include <heddle/rt/parking_lot.hpp>

namespace heddle::inline v0::detail {

void visitors::leave(std::uint64_t one) noexcept {
    const void* const address = &word_;
    // Afterwards only the address is used: the pool may be gone.
    if ((word_.fetch_sub(one, std::memory_order_acq_rel) & closed) != 0) rt::parking_lot::unpark_all(address);
}

void visitors::close() noexcept {
    word_.fetch_or(closed, std::memory_order_acq_rel);
    wait_for_none(calls);
}

void visitors::settle() noexcept {
    wait_for_none(calls | fibers);
}

void visitors::wait_for_none(std::uint64_t of) noexcept {
    const auto some_left = [&] { return (word_.load(std::memory_order_acquire) & of) != 0; };
    while (some_left()) rt::park(&word_, some_left);
}

}  // namespace heddle::inline v0::detail
