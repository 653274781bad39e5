// SPDX-License-Identifier: BSL-1.0
#pragma once

// Collects what is reported to the exception hook while it lives.

#include <exception>
#include <heddle/rt/exception_hook.hpp>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace task_tests {

class unseen {
 public:
    unseen() {
        {
            std::lock_guard guard(lock());
            reports().clear();
        }
        before_ = heddle::set_exception_hook(&on_report);
    }
    ~unseen() { heddle::set_exception_hook(before_); }
    unseen(const unseen&) = delete;
    unseen& operator=(const unseen&) = delete;

    std::vector<std::string> list() const {
        std::lock_guard guard(lock());
        return reports();
    }

 private:
    static std::mutex& lock() {
        static std::mutex m;
        return m;
    }
    static std::vector<std::string>& reports() {
        static std::vector<std::string> r;
        return r;
    }
    static void on_report(std::exception_ptr error, std::string_view where) noexcept {
        std::string text(where);
        try {
            std::rethrow_exception(std::move(error));
        } catch (const std::exception& e) {
            text += std::string(": ") + e.what();
        } catch (...) {
            text += ": ?";
        }
        std::lock_guard guard(lock());
        reports().push_back(std::move(text));
    }
    heddle::exception_hook before_;
};

}  // namespace task_tests
