// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>
#include <policy/duration_text.hpp>
#include <sched/generate.hpp>
#include <sched/report.hpp>
#include <sched/textbook.hpp>

#include "../usage_error.hpp"
#include "cliff.hpp"
#include "output.hpp"
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
    // Linux's times are real ones.
    if (w.unit == time_unit::nanoseconds &&
        any([](const auto& t) { return t.kind != sched::task_class::fair; }))
        all.push_back("linux");
    return all;
}

std::vector<policy_run> run_all(const sched_options& o, sched::workload& w,
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
            const policy::any_policy rule = policy::make_policy(name, defaults);
            r.run = sched::simulate(w, rule, machine);
            if (std::string warning = cliff_warning(w, name, rule); !warning.empty())
                w.notes.push_back(std::move(warning));
        } catch (const std::invalid_argument& e) {
            throw usage_error(e.what());
        }
        r.numbers = sched::summarise(w, r.run, w.tasks.size() <= 10'000);
        runs.push_back(std::move(r));
    }
    return runs;
}

// Names that do nothing to a terminal.
sched::workload tamed(sched::workload w) {
    for (sched::task_spec& t : w.tasks) t.name = sched::printable(t.name);
    for (std::string& lock : w.locks) lock = sched::printable(lock);
    return w;
}

void print(const sched_options& o, const sched::workload& w, const std::vector<policy_run>& runs) {
    std::string out;
    if (o.json) {
        out = sched::report_json(w, runs);
    } else if (o.csv) {
        out = sched::report_csv(w, runs);
    } else {
        const bool small = w.tasks.size() <= 20 && runs.front().run.segments.size() <= 400;
        if (!o.no_gantt && (o.gantt || small))
            for (const policy_run& r : runs) out += sched::gantt_text(w, r, chart_width()) + "\n";
        if (o.explain) {
            const sched::workload shown = tamed(w);
            for (const policy_run& r : runs) out += r.policy + "\n" + sched::explanation(shown, r) + "\n";
        }
        out += sched::table_text(w, runs);
    }
    print_out(out);
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

// The machine that is asked for; what is not asked for is as `usual`.
sched::simulation_options machine_of(const sched_options& o, sched::simulation_options usual,
                                     time_unit unit) {
    const policy::duration_units units = units_of(unit);
    sched::simulation_options m = usual;
    if (o.cpus != 0) m.cpus = o.cpus;
    m.queue_per_cpu = m.queue_per_cpu || o.machine.queue_per_cpu;
    m.stealing = m.stealing || o.machine.stealing;
    m.cooperative = m.cooperative || o.machine.cooperative;
    m.inheritance = m.inheritance || o.machine.inheritance;
    m.lower_is_higher = m.lower_is_higher || o.machine.lower_is_higher;
    m.drop_late = m.drop_late || o.machine.drop_late;
    m.steal_every = time_in(o.steal_every, "--steal-every", m.steal_every, units);
    m.switch_cost = time_in(o.switch_cost, "--switch-cost", m.switch_cost, units);
    m.cache.size = o.cache.value_or(m.cache.size);
    m.cache.warm_after = time_in(o.warm_after, "--warm-after", m.cache.warm_after, units);
    m.cache.warm_speed = o.warm_speed.value_or(m.cache.warm_speed);
    m.until = sched::time(time_in(o.until, "--until", m.until.time_since_epoch(), units));
    return m;
}

int list_textbook(const sched_options& o) {
    if (o.csv || !o.html.empty() || !o.svg.empty() || !o.trace.empty() || !o.policies.empty() || o.explain)
        throw usage_error("which case? heddle sched --textbook NAME; without a name it lists them");
    std::string text;
    nlohmann::ordered_json all = nlohmann::ordered_json::array();
    for (const auto& c : sched::textbook_cases()) {
        text += fmt::format("{:<12} {}\n", c.name, c.title);
        all.push_back({{"name", c.name}, {"title", c.title}});
    }
    print_out(o.json ? all.dump(1) + "\n" : text + "heddle sched --textbook NAME shows one, step by step\n");
    return 0;
}

int run_textbook(const sched_options& o) {
    if (!o.arguments.empty() || !o.generate.empty())
        throw usage_error("a textbook's case has its own workload; leave out " +
                          (o.arguments.empty() ? "--generate" : "'" + o.arguments.front() + "'"));
    if (o.format != sched::file_format::automatic)
        throw usage_error("a textbook's case is no file; leave out --format");
    if (o.list_textbook) return list_textbook(o);
    for (const auto& c : sched::textbook_cases()) {
        if (c.name != o.textbook) continue;
        sched::workload w = sched::read_text(c.tasks, std::string(c.name));
        const std::vector<std::string> names =
            o.policies.empty() ? std::vector<std::string>(c.policies.begin(), c.policies.end()) : o.policies;
        const auto runs = run_all(o, w, names, machine_of(o, c.options, w.unit));
        sched_options shown = o;
        const bool text = !o.json && !o.csv;
        if (text) {
            print_out(fmt::format("{}\n\n{}\n", c.title, c.tasks));
            shown.explain = shown.explain || runs.front().run.events.size() <= 60;
        }
        const int code = finish(shown, w, runs, std::string(c.title));
        if (text) print_out(fmt::format("\n{}\n", c.lesson));
        return code;
    }
    throw usage_error("there is no case '" + o.textbook + "'; heddle sched --textbook lists them");
}

}  // namespace

duration time_in(const std::string& text, const char* option, duration otherwise,
                 policy::duration_units units) {
    if (text.empty()) return otherwise;
    const policy::duration_text d = policy::duration_from(text);
    const std::string wrong =
        d.fault != policy::duration_fault::none ? policy::said(d.fault) : policy::wrong_unit(d, text, units);
    if (!wrong.empty()) throw usage_error(std::string(option) + ": '" + text + "' " + wrong);
    return d.value;
}

policy::duration_units units_of(time_unit unit) {
    return unit == time_unit::nanoseconds ? policy::duration_units::required : policy::duration_units::none;
}

policy::policy_defaults asked_defaults(const sched_options& o, time_unit unit) {
    policy::policy_defaults defaults;
    defaults.quantum = time_in(o.quantum, "--quantum", usual_quantum(unit), units_of(unit));
    defaults.lower_is_higher = o.machine.lower_is_higher;
    defaults.seed = o.seed;
    defaults.units = units_of(unit);
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
    sched::workload w = asked_workload(o, title);
    sched::simulation_options machine;
    machine.cpus = std::max(1, w.cpus);
    if (w.unit == time_unit::nanoseconds) machine.cache.warm_after = std::chrono::milliseconds(10);
    machine = machine_of(o, machine, w.unit);
    const auto runs = run_all(o, w, o.policies.empty() ? usual_policies(w) : o.policies, machine);
    return finish(o, w, runs, title);
}

}  // namespace heddle::inline v0::cli
