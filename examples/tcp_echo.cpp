// SPDX-License-Identifier: BSL-1.0
// Coroutines and sockets: an echo server, three clients at once, and a server that never answers.
#include <array>
#include <cstdio>
#include <heddle/heddle.hpp>
#include <string_view>

using namespace std::chrono_literals;

heddle::task<> echo(heddle::tcp_stream client) {
    std::array<std::byte, 256> buffer;
    while (const std::size_t n = co_await client.async_read_some(buffer))
        co_await client.async_write_all(std::span(buffer).first(n));
}

heddle::task<> serve(heddle::tcp_listener& listener) {
    for (;;) heddle::spawn(echo(co_await listener.async_accept()));
}

heddle::task<std::size_t> ask(heddle::endpoint server, std::string_view text) {
    auto stream = co_await heddle::tcp_stream::async_connect(server);
    co_await stream.async_write_all(std::as_bytes(std::span(text)));
    std::array<std::byte, 256> answer;
    const auto deadline = heddle::rt::deadline::after(100ms);
    co_return co_await stream.async_read_full(std::span(answer).first(text.size()), deadline);
}

heddle::task<int> program() {
    auto listener = heddle::tcp_listener::bind({"127.0.0.1", 0});
    const auto server = listener.local();
    auto serving = heddle::spawn(serve(listener));
    const auto [a, b, c] =
        co_await heddle::gather(ask(server, "warp"), ask(server, "weft"), ask(server, "heddle"));
    std::printf("answers of %zu, %zu and %zu bytes\n", a, b, c);

    auto silent = heddle::tcp_listener::bind({"127.0.0.1", 0});
    try {
        co_await ask(silent.local(), "anybody?");
        co_return 1;
    } catch (const heddle::timeout_error& e) {
        std::printf("the silent one: %s\n", e.what());
    }
    serving.request_stop();  // it sees heddle::cancelled in its accept
    co_return a + b + c == 14 ? 0 : 1;
}

int main() {
    return heddle::run(program());
}
