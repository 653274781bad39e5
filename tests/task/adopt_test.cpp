// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/adopt.hpp>

#include <gtest/gtest.h>
#include <future>
#include <heddle/rt/error.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include "rt/waiting.hpp"

using namespace std::chrono_literals;
using heddle::adopt;
using heddle::future_status;

TEST(adopt, gives_the_value_when_it_is_there) {
    std::promise<int> p;
    auto f = adopt(p.get_future());
    EXPECT_FALSE(f.wait_for(1ms));
    p.set_value(42);
    EXPECT_EQ(f.get(), 42);
}

TEST(adopt, of_one_that_is_done_is_done) {
    std::promise<std::unique_ptr<int>> p;
    p.set_value(std::make_unique<int>(7));
    auto f = adopt(p.get_future());
    EXPECT_TRUE(f.done());
    EXPECT_EQ(*std::move(f).get(), 7);
}

TEST(adopt, gives_the_exception) {
    std::promise<void> p;
    auto f = adopt(p.get_future());
    p.set_exception(std::make_exception_ptr(std::runtime_error("theirs")));
    EXPECT_THROW(f.get(), std::runtime_error);
    std::future<void> broken = std::promise<void>().get_future();
    EXPECT_THROW(adopt(std::move(broken)).get(), std::future_error);
}

TEST(adopt, runs_what_was_deferred) {
    auto f = adopt(std::async(std::launch::deferred, [] { return std::string("late"); }));
    EXPECT_EQ(f.get(), "late");
}

TEST(adopt, of_a_shared_one_gives_a_copy) {
    std::promise<std::string> p;
    const std::shared_future<std::string> theirs = p.get_future().share();
    auto f = adopt(theirs);
    p.set_value("both");
    EXPECT_EQ(f.get(), "both");
    EXPECT_EQ(theirs.get(), "both");
}

TEST(adopt, may_be_withdrawn_before_the_result_is_there) {
    std::promise<int> p;
    auto f = adopt(p.get_future());
    EXPECT_TRUE(f.cancel());
    EXPECT_EQ(f.status(), future_status::cancelled);
    p.set_value(1);  // nobody wants it
}

TEST(adopt, of_an_empty_one_says_so) {
    EXPECT_THROW(adopt(std::future<int>()), heddle::invalid_state);
}
