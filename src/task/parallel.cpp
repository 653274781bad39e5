// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <heddle/rt/error.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/parallel.hpp>

namespace heddle::inline v0::detail {

namespace {
// A look at the clock and for those who want work takes 40 ns: seldom enough not to matter, and often enough
// for one who waits.
constexpr std::chrono::microseconds too_short{2};
constexpr std::chrono::microseconds too_long{8};
}  // namespace

loop_pace::loop_pace(std::size_t grain) noexcept
    : fixed_(grain != 0),
      chunk_(std::max<std::size_t>(grain, 1)) {
    if (!fixed_) before_ = rt::clock::now();
}

void loop_pace::next() {
    rt::task_context& task = rt::current_task();
    if (task.stop_pending() && task.take_stop()) throw cancelled();
    if (fixed_) return;
    const auto now = rt::clock::now();
    const auto took = now - before_;
    before_ = now;
    if (took < too_short)
        chunk_ *= 2;
    else if (took > too_long && chunk_ > 1)
        chunk_ /= 2;
}

}  // namespace heddle::inline v0::detail
