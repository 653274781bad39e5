// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <cstdio>
#include <heddle/rt/exception_hook.hpp>

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

constinit std::atomic<exception_hook> hook{&write_line};

}  // namespace

exception_hook set_exception_hook(exception_hook wanted) noexcept {
    return hook.exchange(wanted != nullptr ? wanted : &write_line, std::memory_order_acq_rel);
}

void rt::report_exception(std::exception_ptr error, std::string_view where) noexcept {
    hook.load(std::memory_order_acquire)(std::move(error), where);
}

}  // namespace heddle::inline v0
