// SPDX-License-Identifier: BSL-1.0
#include "task_words.hpp"

#include <algorithm>
#include <iterator>
#include <limits>
#include <policy/duration_text.hpp>

namespace heddle::inline v0::sched {

duration task_words::time_of(std::string_view word, const char* what) {
    const policy::duration_text d = policy::duration_from(word);
    if (d.fault == policy::duration_fault::too_long)
        at_.fail(std::string("expected ") + what + " that is at most 2.3e18, or 2.3e9s, not " +
                 in_quotes(word));
    if (d.fault != policy::duration_fault::none)
        at_.fail(std::string("expected ") + what + ", a whole number or one with a unit such as 5ms, not " +
                 in_quotes(word));
    if (d.value != duration::zero()) {
        if (seen_ && d.has_unit != has_unit_)
            at_.fail("expected " +
                     std::string(has_unit_ ? "a unit, as the times before have one"
                                           : "no unit, as the times before have none") +
                     ", not " + in_quotes(word));
        seen_ = true;
        has_unit_ = d.has_unit;
        if (d.has_unit) into_.unit = time_unit::nanoseconds;
    }
    return d.value;
}

void task_words::finish(const task_spec& task) {
    try {
        check_.take(into_, task);
    } catch (const std::invalid_argument& e) {
        at_.fail(e.what());
    }
}

int task_words::whole(std::string_view value, std::string_view name, int least, int most) {
    const auto n = number_in<int>(value);
    if (!n || *n < least || *n > most)
        at_.fail("expected " + std::string(name) + " to be a whole number from " + std::to_string(least) +
                 " to " + std::to_string(most) + ", not " + in_quotes(value));
    return *n;
}

void task_words::steps(const std::vector<std::string_view>& words, std::size_t n, task_spec& task) {
    while (n < words.size()) {
        const std::string_view word = words[n++];
        if (word == "yield") {
            task.steps.push_back({step_kind::yield, {}, 0});
            continue;
        }
        const bool takes_time = word == "run" || word == "wait" || word == "io";
        if (!takes_time && word != "lock" && word != "unlock")
            at_.fail("expected run, wait, lock, unlock, yield or NAME=VALUE, not " + in_quotes(word));
        if (n == words.size())
            at_.fail("expected " + std::string(takes_time ? "a time" : "a name") + " after " +
                     std::string(word));
        const std::string_view what = words[n++];
        if (takes_time)
            task.steps.push_back(
                {word == "run" ? step_kind::compute : step_kind::wait, time_of(what, "a time"), 0});
        else
            task.steps.push_back(
                {word == "lock" ? step_kind::lock : step_kind::unlock, {}, into_.lock_named(what)});
    }
}

const char* const task_words::known =
    "priority, nice, weight, deadline, period, jobs, times, cpus, set, width or class";

bool task_words::knows(std::string_view name) {
    constexpr std::string_view all[] = {"priority", "prio",   "nice", "weight", "tickets",
                                        "deadline", "period", "jobs", "times",  "set",
                                        "width",    "cpus",   "cpu",  "class"};
    return std::find(std::begin(all), std::end(all), name) != std::end(all);
}

bool task_words::set(std::string_view name, std::string_view value, task_spec& task) {
    constexpr int most = std::numeric_limits<int>::max();
    if (name == "priority" || name == "prio") {
        task.priority = whole(value, name, -most, most);
    } else if (name == "nice") {
        task.nice = whole(value, name, -20, 19);
    } else if (name == "weight" || name == "tickets") {
        task.weight = static_cast<std::uint32_t>(whole(value, name, 1, most));
    } else if (name == "deadline") {
        task.deadline = time_of(value, "a deadline");
    } else if (name == "period") {
        task.period = time_of(value, "a period");
        if (task.period == duration::zero()) at_.fail("expected a period that is not 0");
    } else if (name == "jobs") {
        task.jobs = static_cast<std::uint64_t>(whole(value, name, 1, most));
    } else if (name == "times") {
        const int times = whole(value, name, 1, 1'000'000);
        const std::vector<step> once = task.steps;
        if (once.size() * static_cast<std::size_t>(times) > 100'000'000)
            at_.fail("expected fewer steps in all");
        for (int i = 1; i < times; ++i) task.steps.insert(task.steps.end(), once.begin(), once.end());
    } else if (name == "set") {
        task.working_set = whole(value, name, 0, most);
    } else if (name == "width") {
        task.width = whole(value, name, 1, most);
    } else if (name == "cpus" || name == "cpu") {
        for (std::size_t end = 0; end != std::string_view::npos; value.remove_prefix(end + 1)) {
            end = value.find_first_of(",/");
            task.cpus.push_back(whole(value.substr(0, end), name, 0, most));
            if (end == std::string_view::npos) break;
        }
    } else if (name == "class") {
        if (value == "fair" || value == "other")
            task.kind = task_class::fair;
        else if (value == "fifo")
            task.kind = task_class::fifo;
        else if (value == "rr")
            task.kind = task_class::round_robin;
        else if (value == "deadline")
            task.kind = task_class::deadline;
        else if (value == "batch")
            task.kind = task_class::batch;
        else if (value == "idle")
            task.kind = task_class::idle;
        else
            at_.fail("expected class to be fair, fifo, rr, deadline, batch or idle, not " + in_quotes(value));
    } else {
        return false;
    }
    return true;
}

}  // namespace heddle::inline v0::sched
