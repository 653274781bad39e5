// SPDX-License-Identifier: BSL-1.0
// Where an exception goes that leaves the function of a thread.
#include <heddle/sync/thread.hpp>

#include <gtest/gtest.h>
#include <exception>
#include <heddle/rt/exception_hook.hpp>
#include <heddle/sync/event.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>
#include "threads.hpp"

using heddle::event;
using heddle::thread;
using sync_tests::named;

namespace {

/// The hook for the time of a test, and what it was told.
class told {
 public:
    told() {
        former_ = heddle::set_thread_exception_hook([this](const thread::handle& from, std::exception_ptr e) {
            names.push_back(from.name());
            errors.push_back(std::move(e));
        });
    }
    ~told() { heddle::set_thread_exception_hook(former_); }
    std::string message(std::size_t i) const {
        try {
            std::rethrow_exception(errors.at(i));
        } catch (const std::exception& e) {
            return e.what();
        }
    }
    std::vector<std::string> names;
    std::vector<std::exception_ptr> errors;

 private:
    heddle::thread_exception_hook former_;
};

}  // namespace

TEST(thread, TH04_an_exception_that_nobody_catches_goes_to_the_hook_with_the_threads_name) {
    told hook;
    thread t(named("weaver"), [] { throw std::runtime_error("a thread broke"); });
    t.join();
    ASSERT_EQ(hook.names, (std::vector<std::string>{"weaver"}));
    EXPECT_EQ(hook.message(0), "a thread broke");
}

TEST(thread, TH04_by_default_an_exception_is_told_to_the_exception_hook_once) {
    static std::vector<std::string> where;
    where.clear();
    const auto before = heddle::set_exception_hook(
        [](std::exception_ptr, std::string_view from) noexcept { where.emplace_back(from); });
    thread(named("weaver"), [] { throw 5; }).join();
    heddle::set_exception_hook(before);
    EXPECT_EQ(where, (std::vector<std::string>{"thread 'weaver'"}));
}

TEST(thread, TH04_being_cancelled_ends_it_silently) {
    told hook;
    event never;
    thread t([&] { never.wait(); });
    t.request_stop();
    t.join();
    EXPECT_TRUE(hook.names.empty());
}

TEST(thread, TH04_a_hook_that_throws_ends_nothing) {
    static int reported;
    reported = 0;
    const auto before =
        heddle::set_exception_hook([](std::exception_ptr, std::string_view) noexcept { ++reported; });
    const auto former = heddle::set_thread_exception_hook(
        [](const thread::handle&, std::exception_ptr e) { std::rethrow_exception(std::move(e)); });
    thread([] { throw 5; }).join();
    heddle::set_thread_exception_hook(former);
    heddle::set_exception_hook(before);
    EXPECT_EQ(reported, 1);
}
