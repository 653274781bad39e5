// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <heddle/sched/simulate.hpp>
#include <map>
#include <vector>

namespace heddle::inline v0::sched {

/// Which tasks are warm on one CPU. After the model of multi.py in R. and A. Arpaci-Dusseau, Operating
/// Systems: Three Easy Pieces, chapter 10.
class cache {
 public:
    explicit cache(const cache_options& options) : options_(options) {}

    bool is_warm(std::uint32_t task) const {
        return std::any_of(warm_.begin(), warm_.end(), [&](const content& c) { return c.task == task; });
    }

    /// How long the task still has to run here until it is warm; unlimited if it never will be.
    duration until_warm(std::uint32_t task, std::int64_t working_set) const {
        if (working_set > options_.size) return policy::unlimited;
        const auto at = warming_.find(task);
        return at == warming_.end() ? options_.warm_after : at->second;
    }

    /// The task has run here for a while, in which it did not become warm or was so all the time.
    void ran(std::uint32_t task, std::int64_t working_set, duration how_long) {
        const auto found =
            std::find_if(warm_.begin(), warm_.end(), [&](const content& c) { return c.task == task; });
        if (found != warm_.end()) {
            std::rotate(found, found + 1, warm_.end());  // the last is the latest
            return;
        }
        if (working_set > options_.size) return;
        const duration left = until_warm(task, working_set) - how_long;
        if (left > duration::zero()) {
            warming_[task] = left;
            return;
        }
        warming_.erase(task);
        warm_.push_back({task, working_set});
        std::int64_t sum = 0;
        for (const content& c : warm_) sum += c.size;
        while (sum > options_.size) {
            sum -= warm_.front().size;
            warm_.erase(warm_.begin());
        }
    }

    void forget(std::uint32_t task) {
        warming_.erase(task);
        std::erase_if(warm_, [&](const content& c) { return c.task == task; });
    }

 private:
    struct content {
        std::uint32_t task = 0;
        std::int64_t size = 0;
    };
    cache_options options_;
    std::vector<content> warm_;                  // the least recently run first
    std::map<std::uint32_t, duration> warming_;  // how long each still has to run
};

}  // namespace heddle::inline v0::sched
