// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/exception_hook.hpp>

#include <gtest/gtest.h>
#include <stdexcept>
#include <string>

namespace {

std::string told;

void tell(std::exception_ptr error, std::string_view where) noexcept {
    try {
        std::rethrow_exception(std::move(error));
    } catch (const std::exception& e) {
        told = std::string(where) + "/" + e.what();
    }
}

}  // namespace

TEST(exception_hook, is_told_what_was_thrown_and_where) {
    const auto before = heddle::set_exception_hook(&tell);
    heddle::rt::report_exception(std::make_exception_ptr(std::runtime_error("ouch")), "a place");
    EXPECT_EQ(heddle::set_exception_hook(before), &tell);
    EXPECT_EQ(told, "a place/ouch");
}

TEST(exception_hook, by_default_writes_one_line) {
    const auto before = heddle::set_exception_hook(nullptr);
    ::testing::internal::CaptureStderr();
    heddle::rt::report_exception(std::make_exception_ptr(std::runtime_error("ouch")), "a place");
    heddle::rt::report_exception(std::make_exception_ptr(5), "another");
    EXPECT_EQ(::testing::internal::GetCapturedStderr(),
              "heddle: a place: ouch\nheddle: another: an exception that is not a std::exception\n");
    heddle::set_exception_hook(before);
}
