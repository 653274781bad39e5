// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/exception_hook.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/posted.hpp>
#include "is_cancelled.hpp"

namespace heddle::inline v0::detail {

void report_failed(const std::exception_ptr& error) noexcept {
    if (!is_cancelled(error)) rt::report_exception(error, "a task failed and nobody looked at its future");
}

std::unique_ptr<prepared_part> prepare_child() {
    rt::task_context& parent = rt::current_task();
    return parent.locals().inheritable() ? std::make_unique<prepared_part>(parent) : nullptr;
}

}  // namespace heddle::inline v0::detail
