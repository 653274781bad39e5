// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <heddle/task/promise.hpp>

namespace task_tests {

/// Keeps one worker busy until it is opened: a wait of the thread, which heddle does not know of.
class gate {
 public:
    void pass() {
        entered_.set_value();
        open_.wait(false);
    }
    void entered() { entered_.get_future().get(); }
    void open() {
        open_ = true;
        open_.notify_all();
    }

 private:
    heddle::promise<> entered_;
    std::atomic<bool> open_{false};
};

}  // namespace task_tests
