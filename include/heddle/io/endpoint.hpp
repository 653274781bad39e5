// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where a TCP connection goes to or comes from.

#include <cstdint>
#include <heddle/rt/config.hpp>
#include <string>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

/// A numeric IPv4 or IPv6 address and a port.
struct endpoint {
    std::string address = "127.0.0.1";
    std::uint16_t port = 0;

    endpoint() = default;
    // Not an aggregate: g++ 12 copies one that is made of braces inside a co_await expression bit by bit.
    endpoint(std::string numeric_address, std::uint16_t port_number)
        : address(std::move(numeric_address)),
          port(port_number) {}

    friend bool operator==(const endpoint&, const endpoint&) = default;
};

/// As people write it: 127.0.0.1:80, [::1]:80.
HEDDLE_API std::string to_string(const endpoint& e);

/// The endpoints that a host name stands for, in the order in which to try them.
/// Blocks: the thread, while the system's resolver works. Throws: heddle::error that names the host.
HEDDLE_API std::vector<endpoint> resolve(const std::string& host, std::uint16_t port);

}  // namespace heddle::inline v0
