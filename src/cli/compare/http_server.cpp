// SPDX-License-Identifier: BSL-1.0
#include "http_server.hpp"

#include "http_message.hpp"

#include <array>
#include <heddle/io/sleep.hpp>
#include <heddle/rt/error.hpp>

namespace heddle::inline v0::cli {

http_server::http_server(std::chrono::microseconds latency)
    : latency_(latency),
      listener_(tcp_listener::bind({"127.0.0.1", 0})),
      where_(listener_.local()),
      loop_("http-server") {
    const future<void> serving = loop_.spawn(serve());
    thread_ = rt::os_thread("http-server", [this, serving] {
        try {
            loop_.run([](future<void> f) -> task<void> { co_await f; }(serving));
        } catch (const cancelled&) {
            // that is how it ends
        }
    });
}

http_server::~http_server() {
    loop_.request_stop();
    thread_.join();
}

task<void> http_server::serve() {
    for (;;) {
        tcp_stream client = co_await listener_.async_accept();
        loop_.spawn(reply(std::move(client), latency_));
    }
}

task<void> http_server::reply(tcp_stream client, std::chrono::microseconds latency) {
    try {
        http_request_reader request;
        std::array<std::byte, 4096> buffer;
        for (bool done = false; !done;) {
            const std::size_t n = co_await client.async_read_some(buffer);
            done = request.add(std::span<const std::byte>(buffer).first(n));
        }
        co_await sleep(latency);
        const std::string response = http_ok("raised by a heddle\n");
        co_await client.async_write_all(std::as_bytes(std::span(response)));
    } catch (const cancelled&) {
        throw;
    } catch (const std::exception&) {
        // a client that went away or spoke something else: its connection is closed, the others go on
    }
}

}  // namespace heddle::inline v0::cli
