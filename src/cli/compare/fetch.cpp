// SPDX-License-Identifier: BSL-1.0
#include "http_message.hpp"
#include "item.hpp"

#include <array>
#include <chrono>
#include <heddle/io/tcp.hpp>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/error.hpp>

namespace heddle::inline v0::cli {

namespace {

void succeed(const http_response_reader& response, partial_answer& a) {
    if (response.status() != 200)
        throw std::runtime_error("the server answered " + std::to_string(response.status()));
    ++a.number;
    a.bytes += response.body_size();
}

// The same text whatever the model, so that failures compare equal too.
void fail(const item& i, const std::exception& e, partial_answer& a) {
    a.problems.push_back("cannot fetch http://" + i.host + i.path + ": " + e.what());
}

std::span<const std::byte> bytes_of(const std::string& s) {
    return std::as_bytes(std::span(s));
}

task<void> exchange(const item& i, partial_answer& a) {
    const auto until = rt::deadline::after(std::chrono::microseconds(i.wait_us));
    const std::string request = http_get(i.host, i.path);
    tcp_stream stream = co_await tcp_stream::async_connect({i.address, i.port}, until);
    co_await stream.async_write_all(bytes_of(request), until);
    http_response_reader response;
    std::array<std::byte, 16384> buffer;
    for (bool done = false; !done;) {
        const std::size_t n = co_await stream.async_read_some(buffer, until);
        done = response.add(std::span<const std::byte>(buffer).first(n));
    }
    succeed(response, a);
}

}  // namespace

void fetch_blocking(const item& i, partial_answer& a) {
    try {
        const auto until = rt::deadline::after(std::chrono::microseconds(i.wait_us));
        tcp_stream stream = tcp_stream::connect({i.address, i.port}, until);
        stream.write_all(bytes_of(http_get(i.host, i.path)), until);
        http_response_reader response;
        std::array<std::byte, 16384> buffer;
        for (bool done = false; !done;) {
            const std::size_t n = stream.read_some(buffer, until);
            done = response.add(std::span<const std::byte>(buffer).first(n));
        }
        succeed(response, a);
    } catch (const cancelled&) {
        throw;
    } catch (const std::exception& e) {
        fail(i, e, a);
    }
}

task<void> fetch_async(const item& i, partial_answer& a) {
    try {
        co_await exchange(i, a);
    } catch (const cancelled&) {
        throw;
    } catch (const std::exception& e) {
        fail(i, e, a);
    }
}

}  // namespace heddle::inline v0::cli
