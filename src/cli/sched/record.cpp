// SPDX-License-Identifier: BSL-1.0
// heddle sched --record: what the kernel did beside what is predicted.
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>
#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sched/report.hpp>

#include "../compare/progress.hpp"
#include "../usage_error.hpp"
#include "error_table.hpp"
#include "real_run.hpp"
#include "sched_options.hpp"

namespace heddle::inline v0::cli {

namespace {

using sched::duration;
using sched::policy_run;
using sched::show;

constexpr std::int64_t tolerated = 500'000;  // ns of others on the CPUs
constexpr int attempts = 5;

// A file that is not a program is a workload.
bool is_workload(const std::vector<std::string>& arguments) {
    struct stat s{};
    return arguments.size() == 1 && ::stat(arguments[0].c_str(), &s) == 0 && S_ISREG(s.st_mode) &&
           ::access(arguments[0].c_str(), X_OK) != 0;
}

std::string linux_policy() {
    int quantum = 100;
    std::ifstream("/proc/sys/kernel/sched_rr_timeslice_ms") >> quantum;
    return fmt::format("linux rr={}ms", quantum);
}

}  // namespace

int run_record(const sched_options& o) {
    if (o.arguments.empty()) throw usage_error("record what? heddle sched --record WORKLOAD, or -- COMMAND…");
    const int cpus = std::max(1, o.cpus);
    real_run real;
    const bool planned = is_workload(o.arguments);
    int tries = 0;
    try {
        sched::workload w;
        if (planned) w = sched::read_file(o.arguments.front(), o.format);
        // Others on these CPUs make a run worthless: again, but not for ever.
        do {
            real = planned ? run_workload(w, cpus) : run_command(o.arguments, cpus);
        } while (++tries < attempts && planned && real.foreign > tolerated);
    } catch (const sched::input_error& e) {
        throw usage_error(e.what());
    }
    const bool contaminated = real.foreign > tolerated;
    sched::simulation_options machine;
    machine.cpus = cpus;
    std::vector<policy_run> runs(2);
    runs[0].policy = "measured";
    runs[0].run = real.run;
    runs[1].policy = "predicted: " + linux_policy();
    try {
        runs[1].run = sched::simulate(real.work, policy::make_policy(linux_policy()), machine);
    } catch (const std::invalid_argument& e) {
        throw usage_error(e.what());
    }
    for (policy_run& r : runs) r.numbers = sched::summarise(real.work, r.run);
    bool within = true;
    const std::string comparison = error_table(real.work, real.run, runs[1].run, within);
    if (o.json) {
        nlohmann::ordered_json j = nlohmann::ordered_json::parse(sched::report_json(real.work, runs));
        j["foreign_ns"] = real.foreign;
        j["contaminated"] = contaminated;
        j["within_tolerance"] = within;
        j["rebuilt_switches"] = real.rebuilt;
        j["tries"] = tries;
        fmt::print("{}\n", j.dump(1));
    } else {
        const std::size_t width = ::isatty(STDOUT_FILENO) == 1 ? columns(STDOUT_FILENO) : 100;
        if (!o.no_gantt)
            for (const policy_run& r : runs) fmt::print("{}\n", sched::gantt_text(real.work, r, width));
        fmt::print("{}", comparison);
        fmt::print("others had the CPU{} for {}; {} switches were rebuilt; errors are {} max(1.5 %, 8 ms)\n",
                   cpus == 1 ? "" : "s", show(duration(real.foreign), sched::time_unit::nanoseconds),
                   real.rebuilt, within ? "within" : "beyond");
    }
    if (!o.html.empty()) {
        std::ofstream page(o.html);
        page << sched::gantt_html(real.work, runs, "measured and predicted") << std::flush;
        if (!page) throw usage_error("cannot write " + o.html);
    }
    if (!contaminated) return 0;
    std::fprintf(
        stderr, "heddle: the run is rejected: others had the CPU for %.1f ms; repeat it on a quiet machine\n",
        static_cast<double>(real.foreign) / 1e6);
    return 1;
}

}  // namespace heddle::inline v0::cli
