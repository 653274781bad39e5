// SPDX-License-Identifier: BSL-1.0
#pragma once

// Threads that are lent to calls which block. They are started when they are needed and kept a while for the
// next call.

#include <atomic>
#include <chrono>
#include <cstddef>
#include <heddle/rt/clock.hpp>
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
    /// A thread that has had nothing to do for `kept` ends.
    explicit helper_threads(std::string name, rt::clock::duration kept = std::chrono::seconds(1));
    /// Nobody may be in call().
    ~helper_threads();
    helper_threads(const helper_threads&) = delete;
    helper_threads& operator=(const helper_threads&) = delete;

    /// Calls `f` on one of the threads, as the current task, and waits for it without a limit.
    /// @throws std::system_error if a thread is needed and cannot be started
    void call(rt::function_ref<void()> f);
    /// How many threads there are, but for those that are ending.
    std::size_t size() const;

 private:
    struct job;
    struct helper;

    void serve(helper& h) noexcept;
    bool leave(helper& h) noexcept;

    const std::string name_;
    const rt::clock::duration kept_;
    mutable rt::word_lock lock_;  // guards the rest
    std::vector<helper*> idle_;   // the one that worked last is the next to work
    std::vector<std::unique_ptr<helper>> all_;
    // The last one that left. It cannot wait for its own end: the next one to leave does, or the destructor.
    std::unique_ptr<helper> gone_;
};

}  // namespace heddle::inline v0::detail
