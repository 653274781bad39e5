// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>

namespace heddle::inline v0::cli {

/// A bar on standard error, if that is a terminal; nothing otherwise. Gone when it goes out of scope.
class progress_bar {
 public:
    explicit progress_bar(bool wanted);
    ~progress_bar();
    progress_bar(const progress_bar&) = delete;
    progress_bar& operator=(const progress_bar&) = delete;

    void show(const std::string& what, std::uint64_t done, std::uint64_t total);

 private:
    bool on_;
};

/// How many columns the terminal at `fd` has; 80 if it is none.
unsigned columns(int fd);

}  // namespace heddle::inline v0::cli
