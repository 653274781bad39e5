// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <string>

namespace heddle::inline v0::cli {

/// A trace of the kernel's scheduler, in an instance of tracefs of its own, so that nobody else's tracing is
/// disturbed.
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

    std::string mounted_{};  // where we have mounted tracefs, because nobody had
    std::string folder_{};
};

}  // namespace heddle::inline v0::cli
