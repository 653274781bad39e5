// SPDX-License-Identifier: BSL-1.0
#pragma once

// The parts of the address space that the process can write and does not share with others.

#include <cstdint>

namespace heddle::inline v0::check::runtime {

struct mapping {
    enum kind : std::uint8_t { anonymous, of_file, main_stack };

    std::uintptr_t begin;
    std::uintptr_t end;
    std::uintptr_t before;  // where the one below ends, whatever it is
    kind what;
};

/// Reads them one after the other, by calls that system_watch.hpp does not see and without libc.
class mapping_reader {
 public:
    mapping_reader() noexcept;
    ~mapping_reader();
    mapping_reader(const mapping_reader&) = delete;
    mapping_reader& operator=(const mapping_reader&) = delete;

    /// @return false after the last one.
    bool next(mapping& m) noexcept;
    /// Whether all could be read.
    bool good() const noexcept { return file_ >= 0 && !failed_; }

 private:
    int get() noexcept;
    bool next_line() noexcept;

    const long file_;
    bool failed_ = false;
    std::uintptr_t end_before_ = 0;
    std::uint32_t at_ = 0;
    std::uint32_t filled_ = 0;
    char buffer_[2048];
    char line_[128];
};

}  // namespace heddle::inline v0::check::runtime
