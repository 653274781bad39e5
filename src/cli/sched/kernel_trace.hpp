// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/io/unique_fd.hpp>
#include <string>

namespace heddle::inline v0::cli {

/// A trace of the kernel's scheduler, in an instance of tracefs of its own, so that nobody else's tracing is
/// disturbed. Instances of heddles that were killed, and could not put them away, are removed first.
class kernel_trace {
 public:
    /// Begins to record. Throws: usage_error with one line that says what is missing.
    kernel_trace();
    kernel_trace(const kernel_trace&) = delete;
    kernel_trace& operator=(const kernel_trace&) = delete;
    ~kernel_trace();

    /// Ends it. @return the text. Throws: usage_error if events were lost.
    std::string stop();

 private:
    void write(const std::string& file, const std::string& value) const;
    void clean_up() noexcept;

    unique_fd mounted_{};  // tracefs, where nobody has mounted it; it goes away with us
    std::string folder_{};
    unique_fd in_use_{};  // an instance of which a file is open cannot be removed
};

}  // namespace heddle::inline v0::cli
