// SPDX-License-Identifier: BSL-1.0
#pragma once

// A server_message, with a file descriptor or without, over a SOCK_SEQPACKET socket.

#include "fork_server.hpp"

#include <heddle/io/unique_fd.hpp>

namespace heddle::inline v0 {

/// Sends; false, with errno set, if it could not.
bool send_message(int socket, const server_message& m, int fd = -1) noexcept;

enum class received { message, nothing, closed };

/// Receives one message and the descriptor that came with it, if any; `nothing` if the socket is non-blocking
/// and empty.
received receive_message(int socket, server_message& m, unique_fd& fd) noexcept;

}  // namespace heddle::inline v0
