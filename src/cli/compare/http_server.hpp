// SPDX-License-Identifier: BSL-1.0
#pragma once

// The server that the fetch workload talks to when no --url is given: on loopback, on a loop and a thread of
// its own.

#include <chrono>
#include <heddle/io/event_loop.hpp>
#include <heddle/io/tcp.hpp>
#include <heddle/rt/thread.hpp>

namespace heddle::inline v0::cli {

/// Answers every request after `latency`, until it is destroyed.
class http_server {
 public:
    explicit http_server(std::chrono::microseconds latency);
    ~http_server();
    endpoint where() const { return where_; }

 private:
    task<void> serve();
    static task<void> reply(tcp_stream client, std::chrono::microseconds latency);

    std::chrono::microseconds latency_;
    tcp_listener listener_;
    endpoint where_;
    event_loop loop_;
    rt::os_thread thread_;
};

}  // namespace heddle::inline v0::cli
