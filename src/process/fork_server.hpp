// SPDX-License-Identifier: BSL-1.0
#pragma once

// The fork server: this program, started anew, single-threaded, which forks workers on request. Forking from
// it instead of from the user's process copies no threads, no locks held by them and no large memory.
//
// Over the control socket (SOCK_SEQPACKET) the parent sends `start` with one end of a stream socket; the
// server forks a worker that serves it, and answers `started` with the worker's pid, or `refused` with an
// errno. When a worker ends it sends `ended` with pid and wait status. When the parent closes the socket, or
// dies, the server kills its workers and ends. When the server dies the kernel kills its workers.

#include <cstdint>

namespace heddle::inline v0 {

inline constexpr const char* fork_server_variable = "HEDDLE_FORK_SERVER";

struct server_message {
    enum class kind : std::uint32_t { hello, start, started, refused, ended };
    kind what{};
    std::int32_t pid = 0;
    std::int32_t value = 0;  // an errno of refused, a wait status of ended
};

/// Whether a copy of this program would serve: the hook around main() is there, or process_main() has been
/// called.
bool program_serves() noexcept;

/// Runs the server on `control` and never returns.
[[noreturn]] void serve_forks(int control);

/// Runs tasks that come over `socket` until it is closed. The worker's part.
[[noreturn]] void serve_tasks(int socket);

}  // namespace heddle::inline v0
