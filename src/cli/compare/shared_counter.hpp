// SPDX-License-Identifier: BSL-1.0
#pragma once

// Numbers that a process shows to another while it works: how many items are done, who it is.

#include <atomic>
#include <cstdint>
#include <heddle/io/unique_fd.hpp>
#include <string>

namespace heddle::inline v0::cli {

/// A page of shared memory with two numbers.
class shared_counter {
 public:
    /// Makes one. @throws std::system_error
    shared_counter();
    /// Maps one that another process made. @throws std::system_error
    explicit shared_counter(const std::string& path);
    ~shared_counter();
    shared_counter(const shared_counter&) = delete;
    shared_counter& operator=(const shared_counter&) = delete;

    /// Under which other processes of the same user find it, as long as this one lives.
    std::string path() const;

    std::atomic<std::uint64_t>& done() const { return page_->done; }
    std::atomic<std::int32_t>& pid() const { return page_->pid; }

 private:
    struct page {
        std::atomic<std::uint64_t> done;
        std::atomic<std::int32_t> pid;
    };
    void map();
    unique_fd fd_;
    page* page_ = nullptr;
};

}  // namespace heddle::inline v0::cli
