// SPDX-License-Identifier: BSL-1.0
#include <heddle/io/pollable.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/sleep.hpp>
#include <system_error>
#include <thread>

using namespace std::chrono_literals;
using heddle::pollable;
using heddle::task;
using heddle::unique_fd;
using heddle::rt::deadline;
using heddle::rt::direction;

namespace {

unique_fd counter() {
    return unique_fd(::eventfd(0, EFD_CLOEXEC));
}

void signal(const pollable& p) {
    const std::uint64_t one = 1;
    ASSERT_EQ(::write(p.fd(), &one, sizeof one), 8);
}

}  // namespace

TEST(pollable, makes_its_file_non_blocking) {
    const pollable p(counter());
    EXPECT_NE(::fcntl(p.fd(), F_GETFL) & O_NONBLOCK, 0);
}

TEST(pollable, refuses_what_is_no_file) {
    EXPECT_THROW(pollable{unique_fd()}, std::system_error);
}

TEST(pollable, wait_returns_when_ready_and_throws_when_late) {
    pollable p(counter());
    p.wait(direction::write, deadline::never());
    EXPECT_THROW(p.wait(direction::read, deadline::after(1ms)), heddle::timeout_error);
    signal(p);
    p.wait(direction::read, deadline::after(-1s));
}

TEST(pollable, async_wait_returns_when_ready_and_throws_when_late) {
    const auto main = []() -> task<> {
        pollable p(counter());
        p.before_try(direction::read);
        bool late = false;
        try {
            co_await p.async_wait(direction::read, deadline::after(1ms));
        } catch (const heddle::timeout_error&) {
            late = true;
        }
        EXPECT_TRUE(late);
        std::thread other([&] { signal(p); });
        co_await p.async_wait(direction::read, deadline::never());
        other.join();
    };
    heddle::run(main());
}

TEST(pollable, a_file_that_cannot_be_polled_is_an_error_that_names_it) {
    const auto main = []() -> task<> {
        pollable p{unique_fd(::open("/proc/self/exe", O_RDONLY | O_CLOEXEC))};
        co_await p.async_wait(direction::read, deadline::never());
    };
    EXPECT_THROW(heddle::run(main()), std::system_error);
}

TEST(pollable, waits_in_both_directions_do_not_disturb_each_other) {
    const auto main = []() -> task<> {
        pollable p(counter());
        auto reading = heddle::spawn([](pollable& q) -> task<> {
            q.before_try(direction::read);
            co_await q.async_wait(direction::read, deadline::never());
        }(p));
        co_await heddle::sleep(0s);
        for (int i = 0; i < 3; ++i) co_await p.async_wait(direction::write, deadline::never());
        EXPECT_FALSE(reading.done());
        signal(p);
        co_await reading;
    };
    heddle::run(main());
}

TEST(pollable, may_be_destroyed_after_the_loop_that_it_was_registered_with) {
    pollable p(counter());
    const auto main = [&]() -> task<> { co_await p.async_wait(direction::write, deadline::never()); };
    heddle::run(main());
    heddle::run(main());
}
