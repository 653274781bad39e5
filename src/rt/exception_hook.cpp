// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <cstdio>
#include <heddle/rt/exception_hook.hpp>
#include "process_wide.hpp"

namespace heddle::inline v0 {

namespace {

void write_line(std::exception_ptr error, std::string_view where) noexcept {
    const auto print = [where](const char* what) {
        std::fprintf(stderr, "heddle: %.*s: %s\n", static_cast<int>(where.size()), where.data(), what);
    };
    try {
        std::rethrow_exception(std::move(error));
    } catch (const std::exception& e) {
        print(e.what());
    } catch (...) {
        print("an exception that is not a std::exception");
    }
}

}  // namespace

exception_hook set_exception_hook(exception_hook wanted) noexcept {
    if (wanted == &write_line) wanted = nullptr;  // the default of another copy of heddle is as good
    const exception_hook before = rt::detail::the_process.hook.exchange(wanted, std::memory_order_acq_rel);
    return before != nullptr ? before : &write_line;
}

void rt::report_exception(std::exception_ptr error, std::string_view where) noexcept {
    const exception_hook hook = detail::the_process.hook.load(std::memory_order_acquire);
    (hook != nullptr ? hook : &write_line)(std::move(error), where);
}

}  // namespace heddle::inline v0
