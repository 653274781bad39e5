// SPDX-License-Identifier: BSL-1.0
// The JSON of rt-app, times in microseconds: https://github.com/scheduler-tools/rt-app, doc/tutorial.txt.
#include <cstddef>
#include <iterator>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <policy/duration_text.hpp>
#include <utility>

#include "lines.hpp"
#include "task_check.hpp"

namespace heddle::inline v0::sched {

namespace {

using nlohmann::ordered_json;  // the order of a thread's events is their order in the file

// Characters, and in which line they are.
struct counted {
    using iterator_category = std::input_iterator_tag;
    using value_type = char;
    using difference_type = std::ptrdiff_t;
    using pointer = const char*;
    using reference = const char&;

    const char* at;
    std::size_t* line;

    const char& operator*() const { return *at; }
    counted& operator++() {
        if (*at++ == '\n') ++*line;
        return *this;
    }
    friend bool operator==(const counted& a, const counted& b) { return a.at == b.at; }
};

class rt_app {
 public:
    rt_app(std::string_view text, std::string name) : name_(std::move(name)), text_(text) {}

    workload read() {
        work_.unit = time_unit::nanoseconds;
        const ordered_json all = parsed();
        if (!all.is_object() || !all.contains("tasks") || !all["tasks"].is_object())
            fail("expected an object with the tasks under \"tasks\"");
        for (const auto& [key, value] : all.items())
            if (!is_one_of(key, {"tasks", "global", "resources"}))
                fail("expected tasks, global or resources, not " + in_quotes(key), key);
        if (all.contains("global")) {
            const in_object scope(*this, "global");
            take_global(all["global"]);
        }
        {
            const in_object scope(*this, "tasks");
            for (const auto& [task, what] : all["tasks"].items()) {
                const in_object each(*this, task);
                take_task(task, what);
            }
        }
        if (work_.tasks.empty()) fail("expected a task, and there is none");
        if (ignored_ > 0)
            work_.notes.push_back(
                "utilisation clamps, memory nodes, task groups and budgets of SCHED_DEADLINE are not "
                "simulated");
        return std::move(work_);
    }

 private:
    // A name that is there twice would lose the first; rt-app's workgen numbers them, and rt-app wants them
    // so.
    ordered_json parsed() {
        std::size_t line = 1, twice_line = 0;
        std::vector<std::string> open(1);  // the objects that what is read stands in, by their paths
        std::string twice, last;
        const auto see = [&](int, ordered_json::parse_event_t event, ordered_json& what) {
            if (event == ordered_json::parse_event_t::object_start) open.push_back(last);
            if (event == ordered_json::parse_event_t::object_end) open.pop_back();
            if (event != ordered_json::parse_event_t::key) return true;
            last = within(open.back(), what.get<std::string>());
            if (!lines_.try_emplace(last, line).second && twice_line == 0) {
                twice = what.get<std::string>();
                twice_line = line;
            }
            return true;
        };
        ordered_json all;
        try {
            const char* const end = text_.data() + text_.size();
            all = ordered_json::parse(counted{text_.data(), &line}, counted{end, &line}, see, true, true);
        } catch (const ordered_json::parse_error&) {
            throw input_error(name_, line, "expected JSON as rt-app reads it");
        }
        if (twice_line != 0)
            throw input_error(name_, twice_line,
                              "expected each name once in an object, and there is another " +
                                  in_quotes(twice) + "; number them, as in run0 and run1");
        return all;
    }

    static bool is_one_of(std::string_view word, std::initializer_list<std::string_view> all) {
        return std::find(all.begin(), all.end(), word) != all.end();
    }

    static std::string within(const std::string& object, const std::string& key) {
        return object + '\0' + key;
    }

    // What nlohmann has read knows no lines: of the object that is looked at, and of what is in it, they are
    // known by name.
    [[noreturn]] void fail(const std::string& expected, const std::string& near = "") const {
        auto at = lines_.find(within(here_, near));
        if (at == lines_.end()) at = lines_.find(here_);
        throw input_error(name_, at == lines_.end() ? 1 : at->second, expected);
    }

    // For as long as an object is looked at.
    class in_object {
     public:
        in_object(rt_app& reader, const std::string& key)
            : reader_(reader),
              outside_(std::exchange(reader.here_, within(reader.here_, key))) {}
        in_object(const in_object&) = delete;
        in_object& operator=(const in_object&) = delete;
        ~in_object() { reader_.here_ = outside_; }

     private:
        rt_app& reader_;
        std::string outside_;
    };

    std::int64_t number(const ordered_json& value, const std::string& key, std::int64_t least,
                        std::int64_t most) const {
        const bool fits = value.is_number_unsigned()
                              ? value.get<std::uint64_t>() <= static_cast<std::uint64_t>(most)
                              : value.is_number_integer() && value.get<std::int64_t>() <= most;
        if (!fits || value.get<std::int64_t>() < least)
            fail("expected " + key + " to be a whole number from " + std::to_string(least) + " to " +
                     std::to_string(most),
                 key);
        return value.get<std::int64_t>();
    }
    duration microseconds(const ordered_json& value, const std::string& key) const {
        return duration(number(value, key, 0, policy::longest_duration / 1000) * 1000);
    }

    void take_global(const ordered_json& global) {
        if (!global.is_object()) fail("expected global to be an object", "global");
        for (const auto& [key, value] : global.items()) {
            if (key == "duration") {
                const std::int64_t seconds = number(value, key, -1, policy::longest_duration / 1'000'000'000);
                if (seconds == 0) fail("expected duration to be -1 or a number of seconds", key);
                seconds_ = seconds;
            } else if (key == "default_policy") {
                default_class_ = class_of(value, key);
            } else if (key == "pi_enabled") {
                if (value == true) work_.notes.push_back("pi_enabled is set: --inherit simulates that");
            } else if (!is_one_of(key, {"calibration", "lock_pages", "logdir", "log_basename", "log_size",
                                        "log_stats", "ftrace", "gnuplot", "io_device", "mem_buffer_size",
                                        "cumulative_slack"})) {
                fail("expected a setting of rt-app in global, not " + in_quotes(key), key);
            }
        }
    }

    task_class class_of(const ordered_json& value, const std::string& key) const {
        constexpr std::pair<std::string_view, task_class> all[] = {
            {"SCHED_OTHER", task_class::fair},     {"SCHED_FIFO", task_class::fifo},
            {"SCHED_RR", task_class::round_robin}, {"SCHED_DEADLINE", task_class::deadline},
            {"SCHED_BATCH", task_class::batch},    {"SCHED_IDLE", task_class::idle}};
        const std::string word = value.is_string() ? value.get<std::string>() : "";
        for (const auto& [name, kind] : all)
            if (name == word) return kind;
        fail("expected " + key + " to be one of Linux's, such as SCHED_FIFO", key);
    }

    // How a task, or a phase, is to be scheduled.
    struct manner {
        std::optional<task_class> kind{};
        std::optional<std::int64_t> priority{};
        std::optional<int> nice{};
        std::vector<int> cpus{};
        std::optional<duration> deadline{};
        friend bool operator==(const manner&, const manner&) = default;
    };

    // Takes what is a setting; false for anything else.
    bool take_setting(const std::string& key, const ordered_json& value, manner& m) {
        constexpr std::int64_t most = std::numeric_limits<int>::max();
        if (key == "policy") {
            m.kind = class_of(value, key);
        } else if (key == "priority") {
            m.priority = number(value, key, -20, 99);
        } else if (key == "nice") {
            m.nice = static_cast<int>(number(value, key, -20, 19));
        } else if (key == "cpus") {
            if (!value.is_array()) fail("expected cpus to be a list", key);
            for (const ordered_json& c : value) m.cpus.push_back(static_cast<int>(number(c, key, 0, most)));
        } else if (key == "dl-deadline") {
            m.deadline = microseconds(value, key);
        } else if (is_one_of(key, {"dl-runtime", "dl-period", "util_min", "util_max", "membind_nodes",
                                   "nodes_membind", "taskgroup"})) {
            ++ignored_;
        } else {
            return false;
        }
        return true;
    }

    void apply(const manner& m, task_spec& task) const {
        task.kind = m.kind.value_or(default_class_);
        task.cpus = m.cpus;
        task.deadline = m.deadline;
        task.nice = m.nice.value_or(0);
        const bool real_time = task.kind == task_class::fifo || task.kind == task_class::round_robin;
        if (real_time) {
            const std::int64_t priority = m.priority.value_or(10);
            if (priority < 1) fail("expected priority to be from 1 to 99 for tasks of real time", "priority");
            task.priority = static_cast<int>(priority);
        } else if (m.priority) {  // rt-app has the nice value there
            if (*m.priority > 19)
                fail("expected priority to be from -20 to 19: it is the nice value", "priority");
            if (!m.nice) task.nice = static_cast<int>(*m.priority);
        }
    }

    // The events of one phase, in order, and its settings. A timer makes the phase periodic.
    void events(const ordered_json& phase, bool is_task, std::vector<step>& steps, duration& period,
                manner& m) {
        for (const auto& [key, value] : phase.items()) {
            const auto is = [&](std::string_view word) {
                return key.starts_with(word) &&
                       key.find_first_not_of("0123456789", word.size()) == std::string::npos;
            };
            if (is("run") || is("runtime")) {
                steps.push_back({step_kind::compute, microseconds(value, key), 0});
            } else if (is("sleep")) {
                steps.push_back({step_kind::wait, microseconds(value, key), 0});
            } else if (is("lock") || is("unlock")) {
                if (!value.is_string()) fail("expected the name of a mutex", key);
                steps.push_back({is("lock") ? step_kind::lock : step_kind::unlock,
                                 {},
                                 work_.lock_named(value.get<std::string>())});
            } else if (is("yield")) {
                steps.push_back({step_kind::yield, {}, 0});
            } else if (is("timer")) {
                if (!value.is_object() || !value.contains("period"))
                    fail("expected a timer with a period", key);
                const in_object scope(*this, key);
                period = microseconds(value["period"], "period");
            } else if (key != "loop" && !(is_task && is_one_of(key, {"instance", "delay", "phases"})) &&
                       !take_setting(key, value, m)) {
                fail(
                    "expected run, sleep, timer, lock, unlock, yield or a setting: heddle does not "
                    "simulate " +
                        in_quotes(key),
                    key);
            }
        }
    }

    static duration length_of(const std::vector<step>& steps) {
        duration sum{};
        for (const step& s : steps) sum += s.length;
        return sum;
    }

    void repeat(const std::vector<step>& once, std::int64_t loops, std::vector<step>& all) const {
        if (once.empty()) return;
        const auto most =
            static_cast<std::int64_t>((most_steps - std::min(most_steps, all.size())) / once.size());
        if (loops > most)
            fail("expected at most 10 million steps, and " + std::to_string(loops) +
                 " loops are more; give a smaller loop, or a " + "shorter global.duration");
        for (std::int64_t i = 0; i < loops; ++i) all.insert(all.end(), once.begin(), once.end());
    }

    std::int64_t loops_of(const ordered_json& what, std::int64_t otherwise) const {
        return what.contains("loop") ? number(what["loop"], "loop", -1, std::numeric_limits<int>::max())
                                     : otherwise;
    }

    // In a sequence of phases, a timer is a wait until the period is over, if nobody else runs.
    void append(const ordered_json& phase, std::vector<step>& all, manner& m) {
        if (!phase.is_object()) fail("expected a phase to be an object");
        std::vector<step> once;
        duration period{};
        events(phase, false, once, period, m);
        const duration length = length_of(once);
        if (period > length) once.push_back({step_kind::wait, period - length, 0});
        std::int64_t loops = loops_of(phase, 1);
        if (loops < 0) loops = times_in_all(std::max(length, period));
        repeat(once, loops, all);
    }

    // For a loop without end.
    std::int64_t times_in_all(duration each) const {
        if (seconds_ < 0) fail("expected global.duration, for there is a loop without an end");
        return each > duration::zero() ? std::max<std::int64_t>(1, seconds_ * 1'000'000'000 / each.count())
                                       : 1;
    }

    void take_task(const std::string& name, const ordered_json& what) {
        if (!what.is_object()) fail("expected a task to be an object");
        task_spec task;
        task.name = name;
        manner m;
        std::vector<step> once;
        events(what, true, once, task.period, m);
        if (what.contains("delay")) task.arrival = time(microseconds(what["delay"], "delay"));
        std::int64_t loops = loops_of(what, -1);
        if (what.contains("phases")) {
            if (!what["phases"].is_object()) fail("expected phases to be an object", "phases");
            if (!once.empty() || task.period > duration::zero())
                fail("expected events in phases only, or in the task");
            std::optional<manner> first;
            const in_object scope(*this, "phases");
            for (const auto& [phase, events_of] : what["phases"].items()) {
                const in_object each(*this, phase);
                manner own = m;
                append(events_of, once, own);
                if (!first) first = own;
                if (own != *first)
                    fail(
                        "expected the same policy, priority and CPUs in all phases: heddle does not change "
                        "them");
            }
            if (first) m = *first;
            if (loops < 0) loops = seconds_ < 0 ? 1 : times_in_all(length_of(once));
            repeat(once, loops, task.steps);
        } else {
            if (loops < 0) loops = times_in_all(std::max(length_of(once), task.period));
            if (task.period > duration::zero()) {
                task.jobs = static_cast<std::uint64_t>(loops);
                task.steps = std::move(once);
            } else {
                repeat(once, loops, task.steps);
            }
        }
        apply(m, task);
        const std::int64_t instances =
            what.contains("instance") ? number(what["instance"], "instance", 1, 100'000) : 1;
        all_steps_ += task.steps.size() * static_cast<std::size_t>(instances);
        if (all_steps_ > most_steps)
            fail(
                "expected at most 10 million steps of all tasks; give fewer loops or instances, or a shorter "
                "global.duration");
        for (std::int64_t i = 0; i < instances; ++i) {
            work_.tasks.push_back(task);
            if (instances > 1) work_.tasks.back().name += "-" + std::to_string(i);
            try {
                check_.take(work_, work_.tasks.back());
            } catch (const std::invalid_argument& e) {
                fail(e.what());
            }
        }
    }

    static constexpr std::size_t most_steps = 10'000'000;
    std::string name_;
    std::string_view text_;
    workload work_{};
    std::int64_t seconds_ = -1;
    task_class default_class_ = task_class::fair;
    task_check check_{};
    std::map<std::string, std::size_t> lines_{};  // where the names of objects stand, by their paths
    std::string here_{};                          // the path of the object that is looked at
    std::size_t all_steps_ = 0;
    std::size_t ignored_ = 0;
};

}  // namespace

workload read_rt_app(std::string_view text, const std::string& name) {
    return rt_app(text, name).read();
}

}  // namespace heddle::inline v0::sched
