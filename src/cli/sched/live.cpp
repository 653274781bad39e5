// SPDX-License-Identifier: BSL-1.0
// heddle sched --live: real tasks under a policy beside what is predicted.
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>
#include <sched/report.hpp>

#include "../usage_error.hpp"
#include "cliff.hpp"
#include "error_table.hpp"
#include "live_run.hpp"
#include "output.hpp"
#include "sched_options.hpp"

namespace heddle::inline v0::cli {

namespace {

using sched::duration;
using sched::policy_run;
using sched::time_unit;

constexpr auto too_long = std::chrono::minutes(10);
constexpr const char* no_patience =
    "that would take more than ten minutes; give a shorter --unit, or --until";

// The workload in nanoseconds.
sched::workload lasting(sched::workload w, duration unit) {
    const auto scale = [&](duration& d) {
        if (d > duration::max() / unit.count()) throw usage_error(no_patience);
        d *= unit.count();
    };
    for (sched::task_spec& t : w.tasks) {
        duration arrival = t.arrival - sched::time{};
        scale(arrival);
        t.arrival = sched::time(arrival);
        for (sched::step& s : t.steps) scale(s.length);
        if (t.deadline) scale(*t.deadline);
        scale(t.period);
    }
    w.unit = time_unit::nanoseconds;
    return w;
}

std::string joined(const std::vector<std::string>& all) {
    std::string text;
    for (const std::string& one : all) text += (text.empty() ? "" : "; ") + sched::printable(one);
    return text;
}

duration unit_of(const sched_options& o, const sched::workload& w) {
    if (w.unit == time_unit::nanoseconds) {
        if (!o.unit.empty()) throw usage_error("the times of this workload have units; leave --unit out");
        return duration(1);
    }
    const duration unit =
        time_in(o.unit, "--unit", std::chrono::milliseconds(5), policy::duration_units::required);
    if (unit < std::chrono::microseconds(1))
        throw usage_error("--unit " + o.unit + " is too short; give one such as 5ms");
    return unit;
}

// What ends within what a prediction may be off is not cut off.
sched::time a_little_later(sched::time end) {
    if (end == sched::time::max()) return end;
    const double ns = static_cast<double>(end.time_since_epoch().count());
    return end + std::max<duration>(std::chrono::milliseconds(8), duration(std::llround(0.015 * ns)));
}

// A pool has one queue, costs of its own and the caches of this machine.
void refuse_what_only_a_simulation_has(const sched_options& o) {
    const sched::simulation_options& m = o.machine;
    if (m.queue_per_cpu || m.cooperative || m.inheritance || m.drop_late || o.cache || o.warm_speed ||
        !o.switch_cost.empty() || !o.steal_every.empty() || !o.warm_after.empty())
        throw usage_error(
            "a pool has one queue and is as the machine is; leave out what describes a simulated one, but "
            "--cpus");
    if (o.csv || o.explain || !o.svg.empty() || !o.trace.empty())
        throw usage_error("--live prints charts and errors, or --json; and --html writes a page");
}

}  // namespace

int run_live(const sched_options& o) {
    refuse_what_only_a_simulation_has(o);
    std::string title;
    const sched::workload given = asked_workload(o, title);
    const duration unit = unit_of(o, given);
    sched::workload w = lasting(given, unit);
    sched::simulation_options machine = o.machine;
    machine.cpus = o.cpus != 0 ? o.cpus : std::max(1, given.cpus);
    if (!o.until.empty()) {
        const duration until = time_in(o.until, "--until", {}, units_of(given.unit));
        if (until > duration::max() / unit.count()) throw usage_error(no_patience);
        machine.until = sched::time(until * unit.count());
    }
    const std::vector<std::string> names =
        o.policies.empty() ? std::vector<std::string>{"fcfs", "rr"} : o.policies;

    std::optional<output_file> page;
    if (!o.html.empty()) page.emplace(o.html);
    std::vector<policy_run> runs;
    std::string tables;
    bool within = true;
    for (const std::string& name : names) {
        try {
            const auto rule = in_units_of(unit, policy::make_policy(name, asked_defaults(o, given.unit)));
            policy_run predicted{.policy = name + ", predicted"};
            policy_run measured{.policy = name + ", measured"};
            predicted.run = sched::simulate(w, rule, machine);
            if (predicted.run.end - predicted.run.begin > too_long) throw usage_error(no_patience);
            if (!predicted.run.stuck.empty())
                throw usage_error(name + " would never end: " + joined(predicted.run.stuck));
            if (std::string warning = cliff_warning(w, name, rule); !warning.empty())
                w.notes.push_back(std::move(warning));
            measured.run = run_in_pool(w, predicted.run, rule, machine.cpus, a_little_later(machine.until));
            tables += name + "\n" + error_table(w, measured.run, predicted.run, within) + "\n";
            runs.push_back(std::move(predicted));
            runs.push_back(std::move(measured));
        } catch (const std::invalid_argument& e) {
            throw usage_error(e.what());
        }
    }
    for (policy_run& r : runs) r.numbers = sched::summarise(w, r.run);
    if (page) page->write(sched::gantt_html(w, runs, title + ", predicted and measured", false));
    if (o.json) {
        nlohmann::ordered_json j = nlohmann::ordered_json::parse(sched::report_json(w, runs));
        j["within_tolerance"] = within;
        print_out(j.dump(1) + "\n");
        return 0;
    }
    std::string out;
    if (!o.no_gantt && (o.gantt || w.tasks.size() <= 20))
        for (const policy_run& r : runs) out += sched::gantt_text(w, r, chart_width()) + "\n";
    for (const std::string& note : w.notes)
        tables += (note.starts_with("warning:") ? "" : "note: ") + sched::printable(note) + "\n";
    print_out(out + fmt::format("{}errors are {} max(1.5 %, 8 ms)\n", tables, within ? "within" : "beyond"));
    return 0;
}

}  // namespace heddle::inline v0::cli
