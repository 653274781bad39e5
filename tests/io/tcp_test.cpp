// SPDX-License-Identifier: BSL-1.0
#include <heddle/io/tcp.hpp>

#include <gtest/gtest.h>
#include <array>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/gather.hpp>
#include <heddle/io/sleep.hpp>
#include <string>
#include <system_error>
#include <thread>
#include <vector>
#include "sockets.hpp"

using namespace std::chrono_literals;
using heddle::endpoint;
using heddle::task;
using heddle::tcp_listener;
using heddle::tcp_stream;
using heddle::rt::clock;
using heddle::rt::deadline;
using sockets::bytes;
using sockets::text;

namespace {

constexpr std::size_t much = std::size_t{16} << 20;  // many times what the kernel buffers

const endpoint anywhere{"127.0.0.1", 0};

task<> echo(tcp_stream s) {
    std::array<std::byte, 256> buffer{};
    while (const auto n = co_await s.async_read_some(buffer))
        co_await s.async_write_all(std::span(buffer).first(n));
}

task<std::string> ask(endpoint to, std::string question) {
    auto s = co_await tcp_stream::async_connect(to);
    co_await s.async_write_all(bytes(question));
    s.shutdown_write();
    std::vector<std::byte> answer(question.size() + 1);
    const auto n = co_await s.async_read_full(answer);
    co_return text(std::span(answer).first(n));
}

// A port on which nobody listens: it was free a moment ago.
endpoint nobody() {
    return tcp_listener::bind(anywhere).local();
}

}  // namespace

TEST(tcp, a_listener_says_which_port_the_system_chose) {
    const auto l = tcp_listener::bind(anywhere);
    EXPECT_EQ(l.local().address, "127.0.0.1");
    EXPECT_NE(l.local().port, 0);
}

TEST(tcp, echoes_between_coroutines) {
    const auto main = []() -> task<> {
        auto listener = tcp_listener::bind(anywhere);
        const auto server = [](tcp_listener& l) -> task<> {
            for (int i = 0; i < 20; ++i) heddle::spawn(echo(co_await l.async_accept()));
        };
        auto serving = heddle::spawn(server(listener));
        std::vector<task<std::string>> questions;
        for (int i = 0; i < 20; ++i)
            questions.push_back(ask(listener.local(), "question " + std::to_string(i)));
        const auto answers = co_await heddle::gather(std::move(questions));
        for (std::size_t i = 0; i < 20; ++i) EXPECT_EQ(answers[i], "question " + std::to_string(i));
        co_await serving;
    };
    heddle::run(main());
}

TEST(tcp, echoes_between_a_thread_and_a_loop) {
    auto listener = tcp_listener::bind(anywhere);
    std::thread client([to = listener.local()] {
        auto s = tcp_stream::connect(to);
        for (int i = 0; i < 10; ++i) {
            s.write_all(bytes("hello"));
            std::array<std::byte, 5> buffer{};
            EXPECT_EQ(s.read_full(buffer), 5U);
            EXPECT_EQ(text(buffer), "hello");
        }
    });
    const auto main = [&]() -> task<> { co_await echo(co_await listener.async_accept()); };
    heddle::run(main());
    client.join();
}

TEST(tcp, accepts_and_connects_from_plain_threads) {
    auto listener = tcp_listener::bind(anywhere);
    std::thread server([&] {
        auto s = listener.accept();
        s.write_all(bytes("welcome"));
    });
    auto s = tcp_stream::connect(listener.local());
    std::array<std::byte, 16> buffer{};
    EXPECT_EQ(s.read_full(buffer), 7U);
    server.join();
}

TEST(tcp, both_ends_know_their_addresses) {
    auto listener = tcp_listener::bind(anywhere);
    const auto client = tcp_stream::connect(listener.local());
    const auto server = listener.accept();
    EXPECT_EQ(client.peer(), listener.local());
    EXPECT_EQ(server.local(), listener.local());
    EXPECT_EQ(server.peer(), client.local());
    EXPECT_EQ(client.local().address, "127.0.0.1");
    EXPECT_NE(client.local().port, listener.local().port);
}

TEST(tcp, what_has_no_address_of_tcp_says_so) {
    EXPECT_THROW((void)tcp_stream().local(), std::system_error);
    EXPECT_THROW((void)tcp_stream().peer(), std::system_error);
    int pair[2];
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    const heddle::unique_fd other(pair[1]);
    const tcp_stream not_tcp{heddle::unique_fd(pair[0])};
    try {
        (void)not_tcp.peer();
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::address_family_not_supported);
        EXPECT_NE(std::string(e.what()).find("cannot read the address of a socket's other end"),
                  std::string::npos);
    }
}

TEST(tcp, speaks_ipv6_where_there_is_one) {
    try {
        auto listener = tcp_listener::bind({"::1", 0});
        auto client = tcp_stream::connect(listener.local());
        auto server = listener.accept();
        client.write_all(bytes("six"));
        std::array<std::byte, 3> buffer{};
        EXPECT_EQ(server.read_full(buffer), 3U);
        EXPECT_EQ(server.peer(), client.local());
        EXPECT_EQ(client.peer(), listener.local());
    } catch (const std::system_error& e) {
        if (e.code() != std::errc::address_not_available &&
            e.code() != std::errc::address_family_not_supported)
            throw;
        GTEST_SKIP() << "this machine has no IPv6: " << e.what();
    }
}

TEST(tcp, a_refused_connection_is_an_error_that_names_the_endpoint) {
    const auto to = nobody();
    const auto refused = [&](const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::connection_refused);
        EXPECT_NE(std::string(e.what()).find(to_string(to)), std::string::npos) << e.what();
    };
    try {
        tcp_stream::connect(to);
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        refused(e);
    }
    const auto main = [&]() -> task<> { co_await tcp_stream::async_connect(to); };
    try {
        heddle::run(main());
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        refused(e);
    }
}

TEST(tcp, a_port_that_is_taken_is_an_error_that_names_it) {
    const auto first = tcp_listener::bind(anywhere);
    try {
        tcp_listener::bind(first.local());
        ADD_FAILURE();
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::address_in_use);
        EXPECT_NE(std::string(e.what()).find(to_string(first.local())), std::string::npos);
    }
}

TEST(tcp, a_name_in_place_of_an_address_is_an_error_that_says_what_to_do) {
    try {
        tcp_stream::connect({"localhost", 1});
        ADD_FAILURE();
    } catch (const heddle::error& e) {
        EXPECT_NE(std::string(e.what()).find("resolve()"), std::string::npos);
    }
}

TEST(tcp, accept_gives_up_at_its_deadline_and_loses_nothing) {
    auto listener = tcp_listener::bind(anywhere);
    const auto when = clock::now() + 2ms;
    EXPECT_THROW(listener.accept(when), heddle::timeout_error);
    EXPECT_GE(clock::now(), when);
    const auto main = [&]() -> task<> {
        bool late = false;
        try {
            co_await listener.async_accept(deadline::after(1ms));
        } catch (const heddle::timeout_error&) {
            late = true;
        }
        EXPECT_TRUE(late);
        auto client = co_await tcp_stream::async_connect(listener.local());
        auto server = co_await listener.async_accept();
        EXPECT_TRUE(server);
    };
    heddle::run(main());
}

TEST(tcp, a_cancelled_accept_loses_no_connection) {
    const auto main = []() -> task<> {
        auto listener = tcp_listener::bind(anywhere);
        const auto accept = [](tcp_listener& l) -> task<tcp_stream> { co_return co_await l.async_accept(); };
        auto f = heddle::spawn(accept(listener));
        for (int i = 0; i < 3; ++i) co_await heddle::sleep(0s);
        f.request_stop();
        auto client = co_await tcp_stream::async_connect(listener.local());
        bool stopped = false;
        try {
            co_await f;
        } catch (const heddle::cancelled&) {
            stopped = true;
        }
        EXPECT_TRUE(stopped);
        auto server = co_await listener.async_accept();
        client.shutdown_write();
        std::array<std::byte, 1> buffer{};
        EXPECT_EQ(co_await server.async_read_some(buffer), 0U);
    };
    heddle::run(main());
}

TEST(tcp, a_connect_gives_up_at_its_deadline) {
    // A listener that nobody accepts from, with a full backlog, leaves the next connection hanging.
    const auto full = tcp_listener::bind(anywhere, 0);
    std::vector<tcp_stream> waiting;
    bool late = false;
    for (int i = 0; i < 16 && !late; ++i) {
        try {
            waiting.push_back(tcp_stream::connect(full.local(), deadline::after(20ms)));
        } catch (const heddle::timeout_error& e) {
            late = true;
            EXPECT_NE(std::string(e.what()).find(to_string(full.local())), std::string::npos);
        }
    }
    EXPECT_TRUE(late);
    const auto main = [&]() -> task<> {
        co_await tcp_stream::async_connect(full.local(), deadline::after(5ms));
    };
    EXPECT_THROW(heddle::run(main()), heddle::timeout_error);
}

TEST(tcp, a_reset_by_the_peer_is_an_error) {
    auto ends = sockets::tcp_pair();
    auto& client = ends.first;
    auto& server = ends.second;
    sockets::reset_on_close(server);
    const auto main = [&]() -> task<> {
        const auto read = [](tcp_stream& s) -> task<std::size_t> {
            std::array<std::byte, 8> buffer{};
            co_return co_await s.async_read_some(buffer);
        };
        auto f = heddle::spawn(read(client));
        for (int i = 0; i < 3; ++i) co_await heddle::sleep(0s);
        server.close();
        bool reset = false;
        try {
            co_await f;
        } catch (const std::system_error& e) {
            reset = e.code() == std::errc::connection_reset;
        }
        EXPECT_TRUE(reset);
    };
    heddle::run(main());
}

TEST(tcp, a_reset_by_the_peer_is_an_error_for_a_thread_too) {
    auto ends = sockets::tcp_pair();
    auto& client = ends.first;
    auto& server = ends.second;
    sockets::reset_on_close(server);
    server.close();
    std::array<std::byte, 8> buffer{};
    EXPECT_THROW(client.read_some(buffer), std::system_error);
}

TEST(tcp, a_large_transfer_to_a_slow_reader_arrives_whole) {
    const auto main = []() -> task<> {
        auto ends = sockets::tcp_pair();
        auto& client = ends.first;
        auto& server = ends.second;
        const auto send = [](tcp_stream& s) -> task<> {
            std::vector<std::byte> all(much);
            for (std::size_t i = 0; i < much; ++i) all[i] = static_cast<std::byte>(i % 251);
            co_await s.async_write_all(all);
            s.shutdown_write();
        };
        auto sending = heddle::spawn(send(client));
        std::vector<std::byte> buffer(10'000);
        std::size_t got = 0;
        std::size_t wrong = 0;
        for (;;) {
            const auto n = co_await server.async_read_some(buffer);
            if (n == 0) break;
            for (std::size_t i = 0; i < n; ++i) wrong += buffer[i] != static_cast<std::byte>((got + i) % 251);
            got += n;
            co_await heddle::yield();
        }
        EXPECT_EQ(got, much);
        EXPECT_EQ(wrong, 0U);
        co_await sending;
    };
    heddle::run(main());
}

TEST(tcp, leaves_no_file_open) {
    const auto use = [] {
        const auto main = []() -> task<> {
            auto listener = tcp_listener::bind(anywhere);
            auto f = heddle::spawn(ask(listener.local(), "?"));
            co_await echo(co_await listener.async_accept());
            EXPECT_EQ(co_await f, "?");
        };
        heddle::run(main());
    };
    use();
    const auto before = sockets::open_files();
    for (int i = 0; i < 30; ++i) use();
    EXPECT_EQ(sockets::open_files(), before);
}

TEST(tcp, connections_left_open_when_run_ends_are_closed_with_their_tasks) {
    const auto use = [] {
        const auto main = []() -> task<> {
            auto listener = tcp_listener::bind(anywhere);
            auto client = co_await tcp_stream::async_connect(listener.local());
            heddle::spawn(echo(co_await listener.async_accept()));
            co_await heddle::sleep(0s);
        };
        heddle::run(main());
    };
    use();
    const auto before = sockets::open_files();
    for (int i = 0; i < 10; ++i) use();
    EXPECT_EQ(sockets::open_files(), before);
}
