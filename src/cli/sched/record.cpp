// SPDX-License-Identifier: BSL-1.0
// heddle sched --record: what the kernel did beside what is predicted.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <optional>
#include <sched/report.hpp>

#include "../usage_error.hpp"
#include "cliff.hpp"
#include "error_table.hpp"
#include "kernel_scheduling.hpp"
#include "output.hpp"
#include "real_run.hpp"
#include "sched_options.hpp"

namespace heddle::inline v0::cli {

namespace {

using sched::duration;
using sched::policy_run;
using sched::show;

constexpr std::int64_t tolerated = 500'000;  // ns of others on the CPUs
// ns of interrupts and of what lies below a virtual machine: half of what a prediction may be off at least.
constexpr std::int64_t tolerated_theft = 4'000'000;
constexpr int attempts = 5;

// A file that is not a program is a workload.
bool is_workload(const std::vector<std::string>& arguments) {
    struct stat s{};
    return arguments.size() == 1 && ::stat(arguments[0].c_str(), &s) == 0 && S_ISREG(s.st_mode) &&
           ::access(arguments[0].c_str(), X_OK) != 0;
}

// What fair tasks that nobody has set up otherwise get here; 0 if the kernel does not say.
std::uint64_t fair_slice() {
    kernel_attributes own;
    return read_attributes(0, own) && own.kind == sched::task_class::fair ? own.slice : 0;
}

// The policy linux as this machine has it.
std::string linux_policy(std::uint64_t slice) {
    int quantum = 100;
    std::ifstream("/proc/sys/kernel/sched_rr_timeslice_ms") >> quantum;
    std::string text = fmt::format("linux rr={}ms", quantum);
    if (slice % 1000 != 0)
        text += fmt::format(" slice={}ns", slice);
    else if (slice > 0)
        text += fmt::format(" slice={}us", slice / 1000);
    return text;
}

// The kernel is as it is.
void refuse_what_a_kernel_has_not(const sched_options& o) {
    const sched::simulation_options& m = o.machine;
    if (!o.policies.empty() || !o.quantum.empty() || !o.ties.empty() || !o.generate.empty() ||
        m.queue_per_cpu || m.cooperative || m.inheritance || m.lower_is_higher || m.drop_late || o.cache ||
        o.warm_speed || !o.switch_cost.empty() || !o.steal_every.empty() || !o.warm_after.empty() ||
        !o.until.empty() || !o.unit.empty())
        throw usage_error(
            "--record has the kernel's policy and this machine; leave out what describes simulated ones, but "
            "--cpus");
    if (o.csv || o.explain || !o.svg.empty() || !o.trace.empty())
        throw usage_error("--record prints charts and errors, or --json; and --html writes a page");
}

}  // namespace

int run_record(const sched_options& o) {
    refuse_what_a_kernel_has_not(o);
    if (o.arguments.empty()) throw usage_error("record what? heddle sched --record WORKLOAD, or -- COMMAND…");
    const int cpus = std::max(1, o.cpus);
    real_run real;
    std::optional<output_file> page;
    const bool planned = is_workload(o.arguments);
    int tries = 0;
    const std::uint64_t slice = fair_slice();
    const auto contaminated_by_others = [](const real_run& r) {
        return r.foreign > tolerated || r.stolen > tolerated_theft;
    };
    try {
        sched::workload w;
        if (planned) w = sched::read_file(o.arguments.front(), o.format);
        if (!o.html.empty()) page.emplace(o.html);
        // Others on these CPUs make a run worthless: again, but not for ever.
        do {
            real = planned ? run_workload(w, cpus, slice) : run_command(o.arguments, cpus);
        } while (++tries < attempts && planned && contaminated_by_others(real));
    } catch (const sched::input_error& e) {
        throw usage_error(e.what());
    }
    const bool contaminated = contaminated_by_others(real);
    sched::simulation_options machine;
    machine.cpus = cpus;
    std::vector<policy_run> runs(2);
    runs[0].policy = "measured";
    runs[0].run = real.run;
    const std::string model = linux_policy(slice);
    runs[1].policy = "predicted: " + model;
    try {
        const policy::any_policy rule = policy::make_policy(model);
        if (std::string warning = cliff_warning(real.work, model, rule); planned && !warning.empty())
            real.work.notes.push_back(std::move(warning));
        runs[1].run = sched::simulate(real.work, rule, machine);
    } catch (const std::invalid_argument& e) {
        throw usage_error(e.what());
    }
    for (policy_run& r : runs) r.numbers = sched::summarise(real.work, r.run);
    bool within = true;
    const std::string comparison = error_table(real.work, real.run, runs[1].run, within);
    if (o.json) {
        nlohmann::ordered_json j = nlohmann::ordered_json::parse(sched::report_json(real.work, runs));
        j["foreign_ns"] = real.foreign;
        j["stolen_ns"] = real.stolen;
        j["contaminated"] = contaminated;
        j["within_tolerance"] = within;
        j["rebuilt_switches"] = real.rebuilt;
        j["tries"] = tries;
        print_out(j.dump(1) + "\n");
    } else {
        std::string out;
        if (!o.no_gantt)
            for (const policy_run& r : runs) out += sched::gantt_text(real.work, r, chart_width()) + "\n";
        out += comparison;
        for (const std::string& note : real.work.notes)
            out += (note.starts_with("warning:") ? "" : "note: ") + sched::printable(note) + "\n";
        out += fmt::format(
            "others had the CPU{} for {}; {} switches were rebuilt; errors are {} max(1.5 %, 8 ms)\n",
            cpus == 1 ? "" : "s", show(duration(real.foreign), sched::time_unit::nanoseconds), real.rebuilt,
            within ? "within" : "beyond");
        print_out(out);
    }
    if (page) page->write(sched::gantt_html(real.work, runs, "measured and predicted", false));
    if (!contaminated) return 0;
    std::fprintf(
        stderr,
        "heddle: the run is rejected: others had the CPU for %.1f ms, interrupts or the host for %.1f ms; "
        "repeat it on a quiet machine\n",
        static_cast<double>(real.foreign) / 1e6, static_cast<double>(real.stolen) / 1e6);
    return 1;
}

}  // namespace heddle::inline v0::cli
