// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the tests of lock diagnosis have in common.

#include <heddle/sync/diagnose.hpp>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

namespace sync_tests {

/// Diagnosis for the time of a test, and what it has found.
class diagnosis {
 public:
    explicit diagnosis(heddle::lock_diagnosis_options options = {}) {
        options.report = [this](const heddle::lock_finding& f) {
            const std::lock_guard guard(lock_);
            found_.push_back(f);
        };
        heddle::enable_lock_diagnosis(std::move(options));
    }
    ~diagnosis() { heddle::disable_lock_diagnosis(); }
    std::vector<heddle::lock_finding> found() const {
        const std::lock_guard guard(lock_);
        return found_;
    }
    std::size_t count() const { return found().size(); }

 private:
    mutable std::mutex lock_;
    std::vector<heddle::lock_finding> found_;
};

/// Looks for nothing that needs time or two orders.
inline heddle::lock_diagnosis_options only_deadlocks() {
    heddle::lock_diagnosis_options options;
    options.order = false;
    options.held_long = {};
    options.starved = {};
    return options;
}

inline bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace sync_tests
