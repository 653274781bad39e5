// SPDX-License-Identifier: BSL-1.0
// The fetch workload: what is read from a server, good or bad, and the server that the command brings along.
#include <cli/compare/http_message.hpp>
#include <cli/compare/http_server.hpp>
#include <cli/compare/item.hpp>
#include <cli/compare/url.hpp>
#include <cli/usage_error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <array>
#include <chrono>
#include <cstddef>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/gather.hpp>
#include <heddle/io/tcp.hpp>
#include <heddle/rt/thread.hpp>
#include <random>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

using namespace heddle::cli;
using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

namespace {

std::span<const std::byte> bytes_of(std::string_view s) {
    return {reinterpret_cast<const std::byte*>(s.data()), s.size()};
}

// Feeds `pieces` and then, if that is not yet all, the end of the stream.
template <class Reader> void read_whole(Reader& reader, const std::vector<std::string>& pieces) {
    for (const auto& piece : pieces)
        if (reader.add(bytes_of(piece))) return;
    reader.add({});
}

item fetch_from(const heddle::endpoint& where, std::chrono::microseconds timeout) {
    item i;
    i.kind = work_kind::fetch;
    i.wait_us = static_cast<std::uint64_t>(timeout.count());
    i.address = where.address;
    i.port = where.port;
    i.host = to_string(where);
    i.path = "/";
    return i;
}

// Answers the first client with some bytes, whatever it asks, and hangs up.
class one_answer {
 public:
    explicit one_answer(std::string bytes)
        : listener_(heddle::tcp_listener::bind({"127.0.0.1", 0})),
          where_(listener_.local()),
          thread_("one-answer", [this, bytes = std::move(bytes)] { heddle::run(serve(bytes)); }) {}
    const heddle::endpoint& where() const { return where_; }

 private:
    heddle::task<void> serve(std::string bytes) {
        heddle::tcp_stream client = co_await listener_.async_accept();
        std::array<std::byte, 4096> request;
        co_await client.async_read_some(request);
        co_await client.async_write_all(bytes_of(bytes));
    }
    heddle::tcp_listener listener_;
    heddle::endpoint where_;
    heddle::rt::os_thread thread_;
};

TEST(http, a_response_is_read_however_it_is_cut_into_pieces) {
    const std::string whole =
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 11\r\n\r\nhello world";
    for (std::size_t size = 1; size <= whole.size(); ++size) {
        std::vector<std::string> pieces;
        for (std::size_t at = 0; at < whole.size(); at += size) pieces.push_back(whole.substr(at, size));
        http_response_reader reader;
        read_whole(reader, pieces);
        ASSERT_EQ(reader.status(), 200U) << "pieces of " << size;
        ASSERT_EQ(reader.body_size(), 11U) << "pieces of " << size;
    }
}

TEST(http, a_chunked_response_and_one_that_ends_with_the_connection_are_read) {
    http_response_reader chunked;
    read_whole(chunked, {"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n", "0\r\n\r\n"});
    EXPECT_EQ(chunked.body_size(), 5U);
    http_response_reader until_the_end;
    read_whole(until_the_end, {"HTTP/1.1 404 Not Found\r\n\r\nno", "thing"});
    EXPECT_EQ(until_the_end.status(), 404U);
    EXPECT_EQ(until_the_end.body_size(), 7U);
}

TEST(http, what_is_not_http_or_ends_too_early_is_an_error) {
    for (const std::string bad :
         {"", "SSH-2.0-OpenSSH_9.2\r\n", "HTTP/1.1 200 OK\r\nContent-Length: 11\r\n\r\nhello",
          "HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n", "HTTP/1.1 200 OK\r\nConten"}) {
        http_response_reader reader;
        EXPECT_THROW(read_whole(reader, {bad}), std::runtime_error) << bad;
    }
}

TEST(http, any_bytes_are_a_message_or_an_error_and_never_a_crash) {
    std::mt19937 random(7);
    const std::string good = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (int round = 0; round < 3000; ++round) {
        std::string text = good;
        for (int changes = 1 + round % 4; changes > 0; --changes)
            text[random() % text.size()] = static_cast<char>(random() % 256);
        http_response_reader reader;
        try {
            read_whole(reader, {text.substr(0, text.size() / 2), text.substr(text.size() / 2)});
        } catch (const std::runtime_error&) {
        }
    }
}

TEST(http, a_request_is_read_by_the_server_that_the_client_writes) {
    http_request_reader reader;
    EXPECT_TRUE(reader.add(bytes_of(http_get("localhost", "/a?b=c"))));
    http_request_reader half;
    EXPECT_FALSE(half.add(bytes_of("GET / HTTP/1.1\r\n")));
}

TEST(fetch, the_own_server_answers_after_the_latency_asked_for) {
    const http_server server(30ms);
    const auto r = run_item(fetch_from(server.where(), 20s));
    EXPECT_THAT(r.answer.problems, IsEmpty());
    EXPECT_EQ(r.answer.number, 1U);
    EXPECT_GT(r.answer.bytes, 0U);
    EXPECT_GE(r.when.end - r.when.start, 30'000'000);
}

TEST(fetch, the_own_server_lets_requests_wait_side_by_side) {
    constexpr int count = 50;
    const http_server server(100ms);
    std::vector<item> items(count, fetch_from(server.where(), 20s));
    std::vector<heddle::task<item_result>> all;
    for (const item& i : items) all.push_back(run_item_async(i));
    const auto results = heddle::run(heddle::gather(std::move(all)));
    std::int64_t last_start = 0;
    std::int64_t first_end = INT64_MAX;
    for (const auto& r : results) {
        EXPECT_THAT(r.answer.problems, IsEmpty());
        last_start = std::max(last_start, r.when.start);
        first_end = std::min(first_end, r.when.end);
    }
    EXPECT_LT(last_start, first_end) << "some waited for others";
}

TEST(fetch, the_own_server_ends_with_requests_that_wait) {
    const heddle::tcp_stream hanging = [] {
        const http_server server(1h);
        auto client = heddle::tcp_stream::connect(server.where());
        client.write_all(bytes_of(http_get("localhost", "/")));
        return client;
    }();
    SUCCEED();
}

TEST(fetch, what_is_not_http_does_not_end_the_own_server) {
    const http_server server(0ms);
    {
        auto client = heddle::tcp_stream::connect(server.where());
        client.write_all(bytes_of("\r\n\x16\x03\x01 what?\r\n\r\n"));
    }
    EXPECT_THAT(run_item(fetch_from(server.where(), 20s)).answer.problems, IsEmpty());
}

TEST(fetch, a_refused_connection_is_reported_alike_by_both_forms) {
    const auto nobody = [] {
        return heddle::tcp_listener::bind({"127.0.0.1", 0}).local();
    }();  // closed again
    const item i = fetch_from(nobody, 20s);
    const auto blocking = run_item(i).answer;
    const auto async = heddle::run(run_item_async(i)).answer;
    EXPECT_THAT(blocking.problems, ElementsAre(HasSubstr("onnection refused")));
    EXPECT_EQ(blocking.problems, async.problems);
    EXPECT_EQ(blocking.number, 0U);
}

TEST(fetch, a_server_that_hangs_is_given_up_after_the_timeout_by_both_forms) {
    const auto silent = heddle::tcp_listener::bind({"127.0.0.1", 0});  // accepts nobody
    const item i = fetch_from(silent.local(), 50ms);
    const auto blocking = run_item(i).answer;
    const auto async = heddle::run(run_item_async(i)).answer;
    EXPECT_EQ(blocking.problems.size(), 1U);
    EXPECT_EQ(blocking.problems, async.problems);
}

TEST(fetch, an_answer_other_than_200_is_a_problem) {
    const one_answer server("HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n\r\n");
    const auto a = run_item(fetch_from(server.where(), 20s)).answer;
    EXPECT_THAT(a.problems, ElementsAre(HasSubstr("503")));
    EXPECT_EQ(a.number, 0U);
}

TEST(fetch, a_server_that_speaks_something_else_is_a_problem) {
    const one_answer server("SSH-2.0-OpenSSH_9.2\r\n");
    EXPECT_THAT(run_item(fetch_from(server.where(), 20s)).answer.problems,
                ElementsAre(HasSubstr("not HTTP")));
}

TEST(url, host_port_and_path_are_taken_apart) {
    const auto parts = [](const std::string& text) {
        const url u = parse_url(text);
        return u.host + "|" + std::to_string(u.port) + "|" + u.path;
    };
    EXPECT_EQ(parts("http://example.org"), "example.org|80|/");
    EXPECT_EQ(parts("http://example.org:8080"), "example.org|8080|/");
    EXPECT_EQ(parts("http://example.org/a/b?c=d:e"), "example.org|80|/a/b?c=d:e");
    EXPECT_EQ(parts("http://127.0.0.1:1/"), "127.0.0.1|1|/");
    EXPECT_EQ(parts("http://[::1]:8080/x"), "::1|8080|/x");
    EXPECT_EQ(parts("http://[::1]"), "::1|80|/");
}

TEST(url, host_and_port_are_put_together_as_a_host_header_has_them) {
    EXPECT_EQ(parse_url("http://example.org/a").authority(), "example.org");
    EXPECT_EQ(parse_url("http://example.org:8080/a").authority(), "example.org:8080");
    EXPECT_EQ(parse_url("http://[::1]:8080/x").authority(), "[::1]:8080");
    EXPECT_EQ(parse_url("http://[::1]").authority(), "[::1]");
}

TEST(url, what_is_no_url_is_refused) {
    for (const std::string bad :
         {"", "example.org", "https://example.org", "ftp://example.org", "http://", "http:///path",
          "http://:80", "http://[::1", "http://[::1]x80", "http://example.org:0", "http://example.org:65536",
          "http://example.org:-1", "http://example.org:8o", "http://example.org:", "http://exa mple.org/",
          "http://example.org/a b", "http://example.org/a\r\nX: y"})
        EXPECT_THROW(parse_url(bad), usage_error) << bad;
}

}  // namespace
