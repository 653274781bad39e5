// SPDX-License-Identifier: BSL-1.0
// The JSON of rt-app, times in microseconds: https://github.com/scheduler-tools/rt-app, doc/tutorial.txt.
#include <nlohmann/json.hpp>

#include "lines.hpp"

namespace heddle::inline v0::sched {

namespace {

using nlohmann::ordered_json;  // the order of a thread's events is their order in the file

class rt_app {
 public:
    rt_app(std::string_view text, std::string name) : name_(std::move(name)), text_(text) {}

    workload read() {
        work_.unit = time_unit::nanoseconds;
        ordered_json all;
        try {
            all = ordered_json::parse(text_, nullptr, true, true);
        } catch (const ordered_json::parse_error& e) {
            const auto begin = text_.begin();
            const auto end = begin + static_cast<std::ptrdiff_t>(std::min(e.byte, text_.size()));
            throw input_error(name_, 1 + static_cast<std::size_t>(std::count(begin, end, '\n')), "expected JSON as rt-app reads it");
        }
        if (!all.is_object() || !all.contains("tasks") || !all["tasks"].is_object())
            fail("expected an object with the tasks under \"tasks\"");
        if (all.contains("global") && all["global"].is_object() && all["global"].contains("duration"))
            seconds_ = number(all["global"]["duration"], "global.duration");
        for (const auto& [task, what] : all["tasks"].items()) take_task(task, what);
        if (work_.tasks.empty()) fail("expected a task, and there is none");
        return std::move(work_);
    }

 private:
    // What nlohmann has read knows no lines: the name is looked for.
    [[noreturn]] void fail(const std::string& expected, const std::string& near = "") const {
        std::size_t line = 1;
        const std::size_t at = near.empty() ? std::string::npos : text_.find("\"" + near + "\"");
        if (at != std::string::npos)
            line += static_cast<std::size_t>(std::count(text_.begin(), text_.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
        throw input_error(name_, line, expected);
    }

    std::int64_t number(const ordered_json& value, const std::string& key) const {
        if (!value.is_number() || value.get<double>() < -1 || value.get<double>() > 1e12)
            fail("expected " + key + " to be a number", key.substr(key.rfind('.') + 1));
        return value.get<std::int64_t>();
    }
    duration microseconds(const ordered_json& value, const std::string& key) const {
        const std::int64_t n = number(value, key);
        if (n < 0) fail("expected " + key + " not to be negative", key);
        return duration(n * 1000);
    }

    void settings(const ordered_json& what, task_spec& task) const {
        if (what.contains("priority")) task.priority = static_cast<int>(number(what["priority"], "priority"));
        if (what.contains("nice")) task.nice = static_cast<int>(number(what["nice"], "nice"));
        if (what.contains("cpus")) {
            if (!what["cpus"].is_array()) fail("expected cpus to be a list", "cpus");
            for (const ordered_json& c : what["cpus"]) task.cpus.push_back(static_cast<int>(number(c, "cpus")));
        }
        if (!what.contains("policy")) return;
        const std::string policy = what["policy"].is_string() ? what["policy"].get<std::string>() : "";
        if (policy == "SCHED_OTHER") {
            task.nice = std::clamp(task.priority, -20, 19);  // rt-app has the nice value there
        } else if (policy == "SCHED_FIFO") {
            task.kind = task_class::fifo;
        } else if (policy == "SCHED_RR") {
            task.kind = task_class::round_robin;
        } else if (policy == "SCHED_DEADLINE") {
            task.kind = task_class::deadline;
        } else if (policy == "SCHED_BATCH") {
            task.kind = task_class::batch;
        } else if (policy == "SCHED_IDLE") {
            task.kind = task_class::idle;
        } else {
            fail("expected policy to be one of Linux's, such as SCHED_FIFO", "policy");
        }
    }

    // The events of one phase, in order. A timer makes the phase periodic.
    void events(const ordered_json& phase, std::vector<step>& steps, duration& period) {
        for (const auto& [key, value] : phase.items()) {
            const auto is = [&](std::string_view word) {
                return key.starts_with(word) && key.find_first_not_of("0123456789", word.size()) == std::string::npos;
            };
            if (is("run") || is("runtime")) {
                steps.push_back({step_kind::compute, microseconds(value, key), 0});
            } else if (is("sleep")) {
                steps.push_back({step_kind::wait, microseconds(value, key), 0});
            } else if (is("lock") || is("unlock")) {
                if (!value.is_string()) fail("expected the name of a mutex", key);
                steps.push_back({is("lock") ? step_kind::lock : step_kind::unlock, {}, work_.lock_named(value.get<std::string>())});
            } else if (is("yield")) {
                steps.push_back({step_kind::yield, {}, 0});
            } else if (is("timer")) {
                if (!value.is_object() || !value.contains("period")) fail("expected a timer with a period", key);
                period = microseconds(value["period"], "period");
            } else if (is("suspend") || is("resume") || is("wait") || is("signal") || is("broad") || is("sync") || is("barrier") ||
                       is("mem") || is("iorun") || is("fork")) {
                fail("expected run, sleep, timer, lock, unlock or yield: heddle does not simulate " + key, key);
            }
        }
    }

    static duration length_of(const std::vector<step>& steps) {
        duration sum{};
        for (const step& s : steps) sum += s.length;
        return sum;
    }

    // In a sequence of phases, a timer is a wait until the period is over, if nobody else runs.
    void append(const ordered_json& phase, const std::string& name, std::vector<step>& all) {
        if (!phase.is_object()) fail("expected a phase to be an object", name);
        std::vector<step> once;
        duration period{};
        events(phase, once, period);
        const duration length = length_of(once);
        if (period > length) once.push_back({step_kind::wait, period - length, 0});
        std::int64_t loops = phase.contains("loop") ? number(phase["loop"], "loop") : 1;
        if (loops < 0) loops = times_in_all(std::max(length, period));
        for (std::int64_t i = 0; i < loops && all.size() < most_steps; ++i) all.insert(all.end(), once.begin(), once.end());
    }

    // For a loop without end.
    std::int64_t times_in_all(duration each) const {
        if (seconds_ < 0) fail("expected global.duration, for there is a loop without an end");
        return each > duration::zero() ? std::max<std::int64_t>(1, seconds_ * 1'000'000'000 / each.count()) : 1;
    }

    void take_task(const std::string& name, const ordered_json& what) {
        if (!what.is_object()) fail("expected a task to be an object", name);
        task_spec task;
        task.name = name;
        settings(what, task);
        if (what.contains("delay")) task.arrival = time(microseconds(what["delay"], "delay"));
        std::int64_t loops = what.contains("loop") ? number(what["loop"], "loop") : -1;
        if (what.contains("phases")) {
            if (!what["phases"].is_object()) fail("expected phases to be an object", "phases");
            std::vector<step> once;
            for (const auto& [phase, events_of] : what["phases"].items()) {
                append(events_of, phase, once);
                if (events_of.is_object()) settings(events_of, task);
            }
            if (loops < 0) loops = seconds_ < 0 ? 1 : times_in_all(length_of(once));
            for (std::int64_t i = 0; i < loops && task.steps.size() < most_steps; ++i)
                task.steps.insert(task.steps.end(), once.begin(), once.end());
        } else {
            std::vector<step> once;
            events(what, once, task.period);
            if (loops < 0) loops = times_in_all(std::max(length_of(once), task.period));
            if (task.period > duration::zero()) {
                task.jobs = static_cast<std::uint64_t>(loops);
                task.steps = std::move(once);
            } else {
                for (std::int64_t i = 0; i < loops && task.steps.size() < most_steps; ++i)
                    task.steps.insert(task.steps.end(), once.begin(), once.end());
            }
        }
        const std::int64_t instances = what.contains("instance") ? number(what["instance"], "instance") : 1;
        if (instances < 1 || instances > 100'000) fail("expected instance to be from 1 to 100000", "instance");
        for (std::int64_t i = 0; i < instances; ++i) {
            work_.tasks.push_back(task);
            if (instances > 1) work_.tasks.back().name += "-" + std::to_string(i);
        }
    }

    static constexpr std::size_t most_steps = 10'000'000;
    std::string name_;
    std::string_view text_;
    workload work_{};
    std::int64_t seconds_ = -1;
};

}  // namespace

workload read_rt_app(std::string_view text, const std::string& name) { return rt_app(text, name).read(); }

}  // namespace heddle::inline v0::sched
