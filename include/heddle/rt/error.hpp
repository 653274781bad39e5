// SPDX-License-Identifier: BSL-1.0
#pragma once

// The exception types of heddle. Ordinary outcomes (timed out, closed, full) are return values; what is
// thrown is a failure, and every failure that is heddle's own derives from heddle::error. A failing system
// call is reported as std::system_error whose text names the operation.

#include <cerrno>
#include <heddle/rt/config.hpp>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>

namespace heddle::inline v0 {

/// Base of every failure that heddle itself reports.
class HEDDLE_API error : public std::runtime_error {
 public:
    using std::runtime_error::runtime_error;
};

/// The task was asked to stop, or the future was withdrawn before it started.
class HEDDLE_API cancelled : public error {
 public:
    cancelled() : error("cancelled") {}
    using error::error;
};

/// A `_for` or `_until` call that has no other way to say so ran into its deadline.
class HEDDLE_API timeout_error : public error {
 public:
    using error::error;
};

/// A call that the object's state does not allow: setting a promise twice, awaiting outside a worker.
class HEDDLE_API invalid_state : public error {
 public:
    using error::error;
};

/// Work was handed to an executor that has been shut down.
class HEDDLE_API shutdown_error : public error {
 public:
    using error::error;
};

/// The executor cannot go on: its initializer threw, or its workers die faster than they start.
class HEDDLE_API broken_pool : public error {
 public:
    using error::error;
};

/// The process that ran the task is gone; the task may have run in part.
class HEDDLE_API worker_died : public error {
 public:
    worker_died(const std::string& what, int pid, int signal, int exit_code)
        : error(what),
          pid_(pid),
          signal_(signal),
          exit_code_(exit_code) {}

    /// The process id of the worker that died.
    int pid() const noexcept { return pid_; }
    /// The signal that ended it, 0 if it exited.
    int signal() const noexcept { return signal_; }
    /// Its exit code, meaningful when signal() is 0.
    int exit_code() const noexcept { return exit_code_; }

 private:
    int pid_;
    int signal_;
    int exit_code_;
};

/// An exception of a type that cannot travel between processes, by name and message.
class HEDDLE_API remote_error : public error {
 public:
    remote_error(std::string type_name, const std::string& message)
        : error(type_name + ": " + message),
          type_name_(std::move(type_name)),
          message_(message) {}

    /// The demangled name of the type that was thrown in the other process.
    const std::string& type_name() const noexcept { return type_name_; }
    /// What its what() said.
    const std::string& message() const noexcept { return message_; }

 private:
    std::string type_name_;
    std::string message_;
};

/// Throws std::system_error for `code` (an errno value), naming the operation that failed.
[[noreturn]] inline void throw_system_error(int code, const std::string& operation) {
    throw std::system_error(code, std::generic_category(), operation);
}

namespace detail {
/// Refuses a call on a handle (`what` says what kind) that is one on nothing.
[[noreturn, gnu::cold]] inline void throw_empty(const char* what) {
    throw invalid_state(std::string("this ") + what +
                        " holds nothing: it was made empty, or moved from, or its content was taken");
}
}  // namespace detail

}  // namespace heddle::inline v0
