// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sched/generate.hpp>
#include <sched/lines.hpp>
#include <sched/report.hpp>
#include <sched/textbook.hpp>

#include "../compare/progress.hpp"
#include "../usage_error.hpp"
#include "sched_options.hpp"

namespace heddle::inline v0::cli {

namespace {

using sched::duration;
using sched::policy_run;
using sched::time_unit;

duration usual_quantum(time_unit unit) {
    if (unit == time_unit::nanoseconds) return std::chrono::milliseconds(4);
    return duration(unit == time_unit::seconds ? 600 : 4);
}

std::vector<std::string> usual_policies(const sched::workload& w) {
    std::vector<std::string> all{"fcfs", "sjf", "srtf", "rr", "mlfq", "fair"};
    const auto any = [&](auto what) { return std::any_of(w.tasks.begin(), w.tasks.end(), what); };
    if (any([](const auto& t) { return t.priority != 0; })) all.push_back("priority preemptive");
    if (any([](const auto& t) { return t.deadline || t.period > duration::zero(); })) all.push_back("edf");
    if (any([](const auto& t) { return t.period > duration::zero(); })) all.push_back("rm");
    if (any([](const auto& t) { return t.kind != sched::task_class::fair; })) all.push_back("linux");
    return all;
}

std::vector<policy_run> run_all(const sched_options& o, const sched::workload& w,
                                const std::vector<std::string>& names, sched::simulation_options machine) {
    policy::policy_defaults defaults = asked_defaults(o, w.unit);
    defaults.lower_is_higher = machine.lower_is_higher;
    machine.record = w.tasks.size() <= 200'000 || o.gantt || o.explain || !o.html.empty() || !o.svg.empty() ||
                     !o.trace.empty();
    machine.reasons = o.explain || !o.textbook.empty();
    std::vector<policy_run> runs;
    for (const std::string& name : names) {
        policy_run r;
        r.policy = name;
        try {
            r.run = sched::simulate(w, policy::make_policy(name, defaults), machine);
        } catch (const std::invalid_argument& e) {
            throw usage_error(e.what());
        }
        r.numbers = sched::summarise(w, r.run, w.tasks.size() <= 10'000);
        runs.push_back(std::move(r));
    }
    return runs;
}

void write_file(const std::string& path, const std::string& text) {
    std::FILE* const f = std::fopen(path.c_str(), "w");
    const bool written = f != nullptr && std::fwrite(text.data(), 1, text.size(), f) == text.size();
    const int error = errno;
    if (f == nullptr || std::fclose(f) != 0 || !written)
        throw usage_error("cannot write " + path + ": " + std::strerror(error) +
                          "; give a file that you may write");
}

// A burst that is a whole number of quanta ends in its last quantum in a simulation, and hardly ever on a
// machine.
std::string cliff_warning(const sched::workload& w, const std::vector<policy_run>& runs, duration quantum) {
    if (w.unit != time_unit::nanoseconds) return "";
    const bool turns = std::any_of(runs.begin(), runs.end(), [](const policy_run& r) {
        return r.policy.starts_with("rr") || r.policy.starts_with("linux");
    });
    if (!turns) return "";
    for (const sched::task_spec& t : w.tasks)
        for (const sched::step& s : t.steps)
            if (s.kind == sched::step_kind::compute && s.length > quantum &&
                s.length % quantum == duration::zero())
                return "warning: " + t.name +
                       " runs for a whole number of quanta; on a real machine a little more costs it a whole "
                       "round more\n";
    return "";
}

void print(const sched_options& o, const sched::workload& w, const std::vector<policy_run>& runs) {
    std::string out;
    if (o.json) {
        out = sched::report_json(w, runs);
    } else if (o.csv) {
        out = sched::report_csv(w, runs);
    } else {
        const std::size_t width = ::isatty(STDOUT_FILENO) == 1 ? columns(STDOUT_FILENO) : 100;
        const bool small = w.tasks.size() <= 20 && runs.front().run.segments.size() <= 400;
        if (!o.no_gantt && (o.gantt || small))
            for (const policy_run& r : runs) out += sched::gantt_text(w, r, width) + "\n";
        if (o.explain)
            for (const policy_run& r : runs) out += r.policy + "\n" + sched::explanation(w, r) + "\n";
        out += sched::table_text(w, runs);
        out += cliff_warning(w, runs, time_in(o.quantum, "--quantum", usual_quantum(w.unit)));
    }
    if (std::fwrite(out.data(), 1, out.size(), stdout) != out.size() || std::fflush(stdout) != 0)
        throw std::runtime_error(std::string("cannot write the report: ") + std::strerror(errno));
}

int finish(const sched_options& o, const sched::workload& w, const std::vector<policy_run>& runs,
           const std::string& title) {
    if (!o.html.empty()) write_file(o.html, sched::gantt_html(w, runs, title));
    if (!o.svg.empty()) write_file(o.svg, sched::gantt_svg(w, runs));
    if (!o.trace.empty()) write_file(o.trace, sched::chrome_trace(w, runs));
    print(o, w, runs);
    return std::any_of(runs.begin(), runs.end(), [](const policy_run& r) { return !r.run.stuck.empty(); })
               ? 1
               : 0;
}

int run_textbook(const sched_options& o) {
    if (o.list_textbook) {
        for (const auto& c : sched::textbook_cases()) fmt::print("{:<12} {}\n", c.name, c.title);
        fmt::print("heddle sched --textbook NAME shows one, step by step\n");
        return 0;
    }
    for (const auto& c : sched::textbook_cases()) {
        if (c.name != o.textbook) continue;
        const sched::workload w = sched::read_text(c.tasks, std::string(c.name));
        const std::vector<std::string> names =
            o.policies.empty() ? std::vector<std::string>(c.policies.begin(), c.policies.end()) : o.policies;
        const auto runs = run_all(o, w, names, c.options);
        sched_options shown = o;
        if (!o.json && !o.csv) {
            fmt::print("{}\n\n{}\n", c.title, c.tasks);
            shown.explain = shown.explain || runs.front().run.events.size() <= 60;
        }
        const int code = finish(shown, w, runs, std::string(c.title));
        if (!o.json && !o.csv) fmt::print("\n{}\n", c.lesson);
        return code;
    }
    throw usage_error("there is no case '" + o.textbook + "'; heddle sched --textbook lists them");
}

}  // namespace

duration time_in(const std::string& text, const char* option, duration otherwise) {
    if (text.empty()) return otherwise;
    bool has_unit = false;
    const auto d = sched::duration_in(text, has_unit);
    if (!d || *d < duration::zero())
        throw usage_error("'" + text + "' is not a time; give " + option + " one such as 4 or 10ms");
    return *d;
}

policy::policy_defaults asked_defaults(const sched_options& o, time_unit unit) {
    policy::policy_defaults defaults;
    defaults.quantum = time_in(o.quantum, "--quantum", usual_quantum(unit));
    defaults.lower_is_higher = o.machine.lower_is_higher;
    defaults.seed = o.seed;
    defaults.ties = o.ties == "id"        ? policy::tie_break::id
                    : o.ties == "arrival" ? policy::tie_break::arrival_then_id
                                          : policy::tie_break::arrival_then_order;
    return defaults;
}

sched::workload asked_workload(const sched_options& o, std::string& title) {
    if (o.arguments.size() > 1) throw usage_error("give one file, not also '" + o.arguments[1] + "'");
    if (o.arguments.empty() == o.generate.empty())
        throw usage_error(
            "which workload? heddle sched FILE, --generate poisson or --textbook; see heddle sched --help");
    try {
        title = o.generate.empty() ? o.arguments.front() : o.generate;
        return o.generate.empty() ? sched::read_file(o.arguments.front(), o.format)
                                  : sched::generate(o.generate, std::max(1, o.cpus));
    } catch (const sched::input_error& e) {
        throw usage_error(e.what());
    } catch (const std::invalid_argument& e) {
        throw usage_error(e.what());
    }
}

int run_sched(const sched_options& o) {
    if (o.json && o.csv) throw usage_error("give either --json or --csv");
    if (o.list_textbook || !o.textbook.empty()) return run_textbook(o);
    std::string title;
    const sched::workload w = asked_workload(o, title);
    sched::simulation_options machine = o.machine;
    machine.cpus = o.cpus != 0 ? o.cpus : std::max(1, w.cpus);
    machine.switch_cost = time_in(o.switch_cost, "--switch-cost", {});
    machine.steal_every = time_in(o.steal_every, "--steal-every", {});
    machine.cache.warm_after = time_in(o.warm_after, "--warm-after", machine.cache.warm_after);
    if (!o.until.empty()) machine.until = sched::time(time_in(o.until, "--until", {}));
    const auto runs = run_all(o, w, o.policies.empty() ? usual_policies(w) : o.policies, machine);
    return finish(o, w, runs, title);
}

}  // namespace heddle::inline v0::cli
