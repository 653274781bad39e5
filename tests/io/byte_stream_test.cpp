// SPDX-License-Identifier: BSL-1.0
#include <heddle/io/byte_stream.hpp>

#include <gtest/gtest.h>
#include <array>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/gather.hpp>
#include <heddle/io/sleep.hpp>
#include <heddle/task/promise.hpp>
#include <string>
#include <system_error>
#include <thread>
#include <vector>
#include "sockets.hpp"

using namespace std::chrono_literals;
using heddle::byte_stream;
using heddle::event_loop;
using heddle::task;
using heddle::rt::clock;
using heddle::rt::deadline;
using sockets::bytes;
using sockets::text;

namespace {

constexpr std::size_t size = std::size_t{8} << 20;  // many times what the kernel buffers

task<std::string> read_text(byte_stream& s) {
    std::array<std::byte, 64> buffer{};
    const auto n = co_await s.async_read_some(buffer);
    co_return text(std::span(buffer).first(n));
}

std::string read_text_blocking(byte_stream& s) {
    std::array<std::byte, 64> buffer{};
    return text(std::span(buffer).first(s.read_some(buffer)));
}

}  // namespace

TEST(byte_stream, holds_nothing_by_default) {
    EXPECT_FALSE(byte_stream());
    auto ends = sockets::pair();
    auto& a = ends.first;
    EXPECT_TRUE(a);
    a.close();
    EXPECT_FALSE(a);
}

TEST(byte_stream, carries_bytes_both_ways_between_threads) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    std::thread other([&] {
        EXPECT_EQ(read_text_blocking(b), "ping");
        b.write_all(bytes("pong"));
    });
    a.write_all(bytes("ping"));
    EXPECT_EQ(read_text_blocking(a), "pong");
    other.join();
}

TEST(byte_stream, carries_bytes_both_ways_between_coroutines) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    const auto left = [](byte_stream& s) -> task<std::string> {
        co_await s.async_write_all(bytes("ping"));
        co_return co_await read_text(s);
    };
    const auto right = [](byte_stream& s) -> task<std::string> {
        const auto got = co_await read_text(s);
        co_await s.async_write_all(bytes("pong"));
        co_return got;
    };
    const auto main = [&]() -> task<> {
        auto [l, r] = co_await heddle::gather(left(a), right(b));
        EXPECT_EQ(l, "pong");
        EXPECT_EQ(r, "ping");
    };
    heddle::run(main());
}

TEST(byte_stream, carries_bytes_between_a_thread_and_a_coroutine) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    std::thread other([&] {
        for (int i = 0; i < 100; ++i) b.write_all(bytes(read_text_blocking(b)));
    });
    const auto main = [&]() -> task<> {
        for (int i = 0; i < 100; ++i) {
            const auto word = std::to_string(i);
            co_await a.async_write_all(bytes(word));
            EXPECT_EQ(co_await read_text(a), word);
        }
    };
    heddle::run(main());
    other.join();
}

TEST(byte_stream, reads_zero_at_the_end_of_the_stream) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    b.write_all(bytes("last"));
    b.shutdown_write();
    EXPECT_EQ(read_text_blocking(a), "last");
    EXPECT_EQ(read_text_blocking(a), "");
    const auto main = [&]() -> task<> { EXPECT_EQ(co_await read_text(a), ""); };
    heddle::run(main());
    a.write_all(bytes("still"));  // the other direction is open
    EXPECT_EQ(read_text_blocking(b), "still");
}

TEST(byte_stream, wakes_a_reader_when_the_peer_closes) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    const auto main = [&]() -> task<> {
        auto f = heddle::spawn(read_text(a));
        co_await heddle::yield();
        b.close();
        EXPECT_EQ(co_await f, "");
    };
    heddle::run(main());
}

TEST(byte_stream, read_full_fills_the_buffer_or_says_how_much_there_was) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    std::array<std::byte, 6> buffer{};
    std::thread other([&] {
        b.write_all(bytes("abc"));
        b.write_all(bytes("def"));
        b.write_all(bytes("gh"));
        b.shutdown_write();
    });
    EXPECT_EQ(a.read_full(buffer), 6U);
    EXPECT_EQ(text(buffer), "abcdef");
    EXPECT_EQ(a.read_full(buffer), 2U);
    other.join();
}

TEST(byte_stream, async_read_full_fills_the_buffer_or_says_how_much_there_was) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    const auto writer = [](byte_stream& s) -> task<> {
        for (const char* part : {"abc", "def", "gh"}) {
            co_await s.async_write_all(bytes(part));
            co_await heddle::sleep(0s);
        }
        s.shutdown_write();
    };
    const auto main = [&]() -> task<> {
        auto f = heddle::spawn(writer(b));
        std::array<std::byte, 6> buffer{};
        EXPECT_EQ(co_await a.async_read_full(buffer), 6U);
        EXPECT_EQ(text(buffer), "abcdef");
        EXPECT_EQ(co_await a.async_read_full(buffer), 2U);
        co_await f;
    };
    heddle::run(main());
}

TEST(byte_stream, a_read_gives_up_at_its_deadline_and_loses_nothing) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    std::array<std::byte, 8> buffer{};
    const auto when = clock::now() + 2ms;
    EXPECT_THROW(a.read_some(buffer, when), heddle::timeout_error);
    EXPECT_GE(clock::now(), when);
    EXPECT_THROW(a.read_some(buffer, deadline::after(-1s)), heddle::timeout_error);
    const auto main = [&]() -> task<> {
        bool late = false;
        try {
            co_await a.async_read_some(buffer, deadline::after(1ms));
        } catch (const heddle::timeout_error&) {
            late = true;
        }
        EXPECT_TRUE(late);
        b.write_all(bytes("x"));
        EXPECT_EQ(co_await a.async_read_some(buffer, deadline::after(-1s)), 1U);  // in the past: try once
    };
    heddle::run(main());
}

TEST(byte_stream, a_write_gives_up_at_its_deadline) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    const std::vector<std::byte> much(std::size_t{16} << 20);
    EXPECT_THROW(a.write_all(much, deadline::after(2ms)), heddle::timeout_error);
    const auto main = [&]() -> task<> { co_await a.async_write_all(much, deadline::after(2ms)); };
    EXPECT_THROW(heddle::run(main()), heddle::timeout_error);
}

TEST(byte_stream, a_cancelled_read_loses_nothing) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    const auto main = [&]() -> task<> {
        auto f = heddle::spawn(read_text(a));
        for (int i = 0; i < 3; ++i) co_await heddle::sleep(0s);
        f.request_stop();
        bool stopped = false;
        try {
            co_await f;
        } catch (const heddle::cancelled&) {
            stopped = true;
        }
        EXPECT_TRUE(stopped);
        b.write_all(bytes("kept"));
        EXPECT_EQ(co_await read_text(a), "kept");
    };
    heddle::run(main());
}

TEST(byte_stream, to_a_peer_that_has_gone_a_write_is_an_error_and_not_a_signal) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    b.close();
    try {
        a.write_all(bytes("x"));
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::broken_pipe);
    }
    const auto main = [&]() -> task<> { co_await a.async_write_all(bytes("x")); };
    EXPECT_THROW(heddle::run(main()), std::system_error);
}

TEST(byte_stream, that_is_closed_wakes_its_reader_with_an_error) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    const auto main = [&]() -> task<> {
        auto f = heddle::spawn(read_text(a));
        for (int i = 0; i < 3; ++i) co_await heddle::sleep(0s);
        a.close();
        bool failed = false;
        try {
            co_await f;
        } catch (const std::system_error& e) {
            failed = e.code() == std::errc::bad_file_descriptor;
        }
        EXPECT_TRUE(failed);
    };
    heddle::run(main());
}

TEST(byte_stream, operations_on_a_closed_one_are_errors) {
    byte_stream none;
    std::array<std::byte, 1> buffer{};
    EXPECT_THROW(none.read_some(buffer), std::system_error);
    EXPECT_THROW(none.write_all(bytes("x")), std::system_error);
    EXPECT_THROW(none.shutdown_write(), std::system_error);
}

TEST(byte_stream, may_be_read_and_written_at_the_same_time_and_more_than_fits_goes_through) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    const auto pump = [](byte_stream& s, unsigned char seed) -> task<> {
        std::vector<std::byte> all(size);
        for (std::size_t i = 0; i < size; ++i) all[i] = static_cast<std::byte>(i * 31 + seed);
        co_await s.async_write_all(all);
        s.shutdown_write();
    };
    const auto check = [](byte_stream& s, unsigned char seed) -> task<> {
        std::vector<std::byte> all(size + 1);
        EXPECT_EQ(co_await s.async_read_full(all), size);
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < size; ++i) wrong += all[i] != static_cast<std::byte>(i * 31 + seed);
        EXPECT_EQ(wrong, 0U);
    };
    const auto main = [&]() -> task<> {
        co_await heddle::gather(pump(a, 1), check(a, 2), pump(b, 2), check(b, 1));
    };
    heddle::run(main());
}

TEST(byte_stream, may_outlive_its_loop_and_be_used_on_another) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    for (int i = 0; i < 3; ++i) {
        const auto main = [&]() -> task<> {
            auto f = heddle::spawn(read_text(a));
            co_await heddle::sleep(0s);
            co_await b.async_write_all(bytes("again"));
            EXPECT_EQ(co_await f, "again");
        };
        heddle::run(main());
        b.write_all(bytes("between"));
        EXPECT_EQ(read_text_blocking(a), "between");
    }
}

TEST(byte_stream, moves_while_it_is_registered_with_a_loop) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    auto& b = ends.second;
    const auto main = [&]() -> task<> {
        std::array<std::byte, 4> buffer{};
        bool late = false;
        try {
            co_await a.async_read_some(buffer, deadline::after(0s));  // registers it
        } catch (const heddle::timeout_error&) {
            late = true;
        }
        EXPECT_TRUE(late);
        byte_stream moved(std::move(a));
        auto f = heddle::spawn(read_text(moved));
        co_await heddle::sleep(0s);
        b.write_all(bytes("x"));
        EXPECT_EQ(co_await f, "x");
    };
    heddle::run(main());
}

TEST(byte_stream, of_one_loop_is_refused_by_another) {
    auto ends = sockets::pair();
    auto& a = ends.first;
    std::thread other;
    heddle::promise<> tried;
    const auto main = [&]() -> task<> {
        std::array<std::byte, 4> buffer{};
        try {
            co_await a.async_read_some(buffer, deadline::after(0s));
        } catch (const heddle::timeout_error&) {
        }
        other = std::thread([&] {
            EXPECT_THROW(heddle::run(read_text(a)), heddle::invalid_state);
            tried.set_value();
        });
        co_await tried.get_future();
    };
    heddle::run(main());
    other.join();
}

TEST(byte_stream, leaves_no_file_open) {
    const auto use = [] {
        auto ends = sockets::pair();
        auto& a = ends.first;
        auto& b = ends.second;
        const auto main = [&]() -> task<> {
            auto f = heddle::spawn(read_text(a));
            co_await heddle::sleep(0s);
            b.write_all(bytes("x"));
            co_await f;
        };
        heddle::run(main());
    };
    use();
    const auto before = sockets::open_files();
    for (int i = 0; i < 50; ++i) use();
    EXPECT_EQ(sockets::open_files(), before);
}
