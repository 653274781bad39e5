// SPDX-License-Identifier: BSL-1.0
#pragma once

// The parent's side of a fork server: starts it, asks it for workers, learns how they ended. Lives on one
// loop.

#include "fork_server.hpp"

#include <sys/types.h>
#include <deque>
#include <heddle/io/byte_stream.hpp>
#include <heddle/io/pollable.hpp>
#include <heddle/io/unique_fd.hpp>
#include <heddle/task/promise.hpp>
#include <heddle/task/task.hpp>
#include <map>
#include <memory>
#include <string>

namespace heddle::inline v0 {

/// One worker process, ready for tasks.
struct worker_process {
    pid_t pid = 0;
    std::shared_ptr<byte_stream> stream;  // shared with the server_link, which closes it when the worker ends

    explicit operator bool() const noexcept { return stream != nullptr; }
};

/// A fork server, started when it is first needed and again if it has died.
class server_link {
 public:
    explicit server_link(std::string pool_name) : pool_(std::move(pool_name)) {}

    /// Makes sure that the server runs. Throws: std::system_error; broken_pool if the program does not serve.
    task<void> async_start();
    /// A new worker, when it has said that it is ready. Throws: as async_start(); worker_died if it died
    /// before.
    task<worker_process> async_start_worker();
    /// How worker `pid` ended, as a wait status; waits until it has.
    task<int> async_ended(pid_t pid);
    /// Whether `pid` is known to have ended.
    bool has_ended(pid_t pid) const;
    /// Forgets a worker whose end nobody wants to know any more.
    void forget(pid_t pid) { children_.erase(pid); }
    /// How many servers have died.
    unsigned losses() const noexcept { return losses_; }
    /// Lets the server go and waits for it.
    task<void> async_stop();

 private:
    task<void> launch();
    void start_server();
    task<void> kill_if_silent();
    task<void> listen();
    task<void> receive_all();
    task<void> async_reap();
    void handle(const server_message& m);
    void lost();

    struct child {
        promise<int> end;
        std::weak_ptr<byte_stream> stream;
    };

    std::string pool_;
    pollable control_;
    pid_t pid_ = 0;
    pollable process_;  // a handle on it, null if it had been waited for before there could be one
    future<void> launching_;
    promise<void> hello_;
    future<void> listening_;
    std::deque<promise<pid_t>> starting_;  // answered in the order in which they were asked
    std::map<pid_t, child> children_;      // every worker that was started and not forgotten
    int killed_by_ = 0;                    // the signal that ended the last server, 0 if none did
    unsigned losses_ = 0;
};

}  // namespace heddle::inline v0
