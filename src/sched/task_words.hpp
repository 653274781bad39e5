// SPDX-License-Identifier: BSL-1.0
#pragma once

#include "lines.hpp"
#include "task_check.hpp"

namespace heddle::inline v0::sched {

/// What the text format and CSV have in common: the words that describe a task.
class task_words {
 public:
    task_words(lines& at, workload& into) : at_(at), into_(into) {}

    /// A duration that is not negative; all of a file have a unit, or none.
    duration time_of(std::string_view word, const char* what);

    /// "run 5 wait 3 lock L unlock L yield", beginning at words[n].
    void steps(const std::vector<std::string_view>& words, std::size_t n, task_spec& task);

    /// "priority=3". false if there is no such setting.
    bool set(std::string_view name, std::string_view value, task_spec& task);
    /// Whether set() knows the name.
    static bool knows(std::string_view name);
    /// "priority, nice, …": what set() knows.
    static const char* const known;

    /// When all of the task has been read: fails if no task can be so.
    void finish(const task_spec& task);

 private:
    int whole(std::string_view value, std::string_view name, int least, int most);

    lines& at_;
    workload& into_;
    task_check check_;
    bool seen_ = false;
    bool has_unit_ = false;
};

}  // namespace heddle::inline v0::sched
