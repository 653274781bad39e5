// SPDX-License-Identifier: BSL-1.0
#pragma once

// The explorer's side of a fork server: the checked program, ready to begin, that runs one schedule for each
// call.

#include <sys/types.h>
#include <atomic>
#include <check/channel.hpp>
#include <chrono>
#include <functional>
#include <heddle/io/unique_fd.hpp>
#include <heddle/rt/clock.hpp>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace heddle::inline v0::check {

/// What to check, and how it is started.
struct target {
    std::vector<std::string> command;                                ///< program and arguments
    std::string runtime;                                             ///< path of libheddle_check.so
    std::vector<std::pair<std::string, std::string>> environment{};  ///< set in addition
    std::string output{};  ///< where the program's output goes; empty: nowhere
};

/// How a schedule ended, from the outside. The rest is in the channel.
struct process_end {
    bool exited = false;
    int status = 0;        ///< exit status or signal
    bool hung = false;     ///< it made no step for so long that it was killed
    bool stopped = false;  ///< the time was over, or nobody wanted to know any more: nothing is known of it
    bool lost = false;     ///< the server itself has died
    std::string difference{};  ///< a sentence, if the output was to be compared and is another one
};

/// When to give up a schedule that runs.
struct run_limits {
    std::chrono::milliseconds patience{5'000};  ///< without a step: it hangs
    rt::deadline until{};                       ///< then it is stopped
    const std::atomic<bool>* stop = nullptr;    ///< once true, it is stopped
};

class schedule_server {
 public:
    /// Starts `what`; returns when it waits before main. Throws: std::system_error; heddle::error with a
    /// sentence when the program cannot be checked.
    explicit schedule_server(const target& what);
    /// Forks the calling process; the copy calls `serve` with its socket, after which come the descriptors of
    /// the shared memory, of /dev/null, and for a captured output, and must not return.
    explicit schedule_server(const std::function<void(int socket, channel& shared)>& serve);
    schedule_server(const schedule_server&) = delete;
    schedule_server& operator=(const schedule_server&) = delete;
    ~schedule_server();

    channel& shared() noexcept { return *shared_; }
    const channel& shared() const noexcept { return *shared_; }
    pid_t pid() const noexcept { return pid_; }

    /// Runs all schedules from now on on this CPU: a copy costs less where its parent ran.
    void pin(int cpu) noexcept;
    /// Which it is, or -1.
    int cpu() const noexcept { return cpu_; }

    /// Makes these instructions hot.
    void heat(std::span<const std::uint64_t> instructions) noexcept;
    /// And those that the last schedule has found out to conflict: not until it need not be repeated.
    void heat_what_met() noexcept { heat({shared_->met, shared_->n_met}); }

    /// What a schedule with order_capture is to print on its standard output.
    void expect_output(std::string text) { expected_ = std::move(text); }
    const std::optional<std::string>& expected_output() const noexcept { return expected_; }
    /// What the last schedule with order_capture has printed.
    std::string printed() const;

    /// Runs a schedule as shared().orders say. Blocks: until it has ended, at most as long as `limits` allow.
    process_end run(const run_limits& limits);

 private:
    void map_memory();
    void make_capture();
    void begin_capture();
    void end_capture(process_end& end);
    unique_fd connect();
    bool start(const target& what, bool bind_now);
    bool wait_until_ready(const std::string& program, bool bind_now);
    answer receive_soon();

    unique_fd memory_;
    channel* shared_ = nullptr;
    unique_fd captured_;
    unique_fd output_;
    std::optional<std::string> expected_;
    unique_fd socket_;
    pid_t pid_ = 0;
    int cpu_ = -1;
};

}  // namespace heddle::inline v0::check
