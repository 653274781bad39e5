// SPDX-License-Identifier: BSL-1.0
#pragma once

// Between endpoint and the kernel's socket addresses.

#include <netinet/in.h>
#include <sys/socket.h>
#include <heddle/io/endpoint.hpp>

namespace heddle::inline v0 {

struct socket_address {
    sockaddr_storage storage{};
    socklen_t length = sizeof(sockaddr_storage);

    sockaddr* get() noexcept { return reinterpret_cast<sockaddr*>(&storage); }
    const sockaddr* get() const noexcept { return reinterpret_cast<const sockaddr*>(&storage); }
    int family() const noexcept { return storage.ss_family; }
};

/// @throws heddle::error if the address is not a numeric one.
socket_address to_socket_address(const endpoint& e);
endpoint to_endpoint(const socket_address& a);

}  // namespace heddle::inline v0
