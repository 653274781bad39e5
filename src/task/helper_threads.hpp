// SPDX-License-Identifier: BSL-1.0
#pragma once

// Threads that are lent to calls which block. They are started when they are needed and kept for the next
// call, until the pool that has them ends.

#include <atomic>
#include <heddle/rt/function_ref.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/thread.hpp>
#include <heddle/rt/word_lock.hpp>
#include <memory>
#include <string>
#include <vector>

namespace heddle::inline v0::detail {

class helper_threads {
 public:
    explicit helper_threads(std::string name);
    /// Nobody may be in call().
    ~helper_threads();
    helper_threads(const helper_threads&) = delete;
    helper_threads& operator=(const helper_threads&) = delete;

    /// Calls `f` on one of the threads, as the current task, and waits for it without a limit.
    /// @throws std::system_error if a thread is needed and cannot be started
    void call(rt::function_ref<void()> f);

 private:
    struct job;
    struct helper;

    void serve(helper& h) noexcept;

    const std::string name_;
    rt::word_lock lock_;  // guards the rest
    std::vector<helper*> idle_;
    std::vector<std::unique_ptr<helper>> all_;
};

}  // namespace heddle::inline v0::detail
