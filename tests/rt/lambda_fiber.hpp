// SPDX-License-Identifier: BSL-1.0
#pragma once

// A fiber that runs a lambda, for the tests of fibers.

#include <functional>
#include <heddle/rt/fiber.hpp>
#include <utility>

namespace fiber_tests {

using heddle::rt::fiber;
using heddle::rt::fiber_options;

inline void call(void* f) {
    (*static_cast<std::function<void()>*>(f))();
}

class lambda_fiber {
 public:
    explicit lambda_fiber(std::function<void()> f, fiber_options options = {})
        : f_(std::move(f)),
          fiber_(std::move(options), call, &f_) {}
    fiber* operator->() { return &fiber_; }
    fiber* get() { return &fiber_; }
    void finish() {
        while (!fiber_.resume()) {
        }
    }

 private:
    std::function<void()> f_;
    fiber fiber_;
};

inline void suspend_here() {
    fiber::suspend(nullptr, nullptr);
}

}  // namespace fiber_tests
