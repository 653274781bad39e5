// SPDX-License-Identifier: BSL-1.0
#pragma once

// Who goes on, where several can: what the explorer's guide says, and after that the strategy of the orders.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// Once, when the main thread is known.
void begin_strategy() noexcept;

/// A thread was made.
void prepare_thread(thread& t) noexcept;

/// `me` has announced its next operation. A thread that goes round and round is made to stand back.
void announced(thread& me) noexcept;

/// One of `n` >= 2 candidates; `me` is the one that announces, and may be among them.
thread* choose_thread(thread& me, thread* const* candidates, unsigned n) noexcept;

/// There is only this one.
void note_without_choice(thread& me, thread* only) noexcept;

/// Whom of them strategy_kind::first chooses.
thread* first_choice(thread& me, thread* const* candidates, unsigned n) noexcept;

/// A number below `n` >= 2.
std::uint64_t choose_number(thread& me, std::uint64_t n) noexcept;

}  // namespace heddle::inline v0::check::runtime
