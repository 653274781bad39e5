// SPDX-License-Identifier: BSL-1.0
#include "report.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>

namespace heddle::inline v0::cli {

namespace {

const strand_cost* find(const calibration& costs, std::string_view name) {
    for (const auto& s : costs.strands)
        if (s.name == name) return &s;
    return nullptr;
}

std::string costs_table(const calibration& costs) {
    std::string text = "What a strand costs on this machine (median of 7, and range)\n\n";
    text +=
        fmt::format("{:<10} {:>10} {:<22} {:>10} {:<22} {:>10}\n", "", "create", "", "switch", "", "memory");
    const auto range = [](const summary& s) {
        return fmt::format("({} - {})", duration_text(s.min), duration_text(s.max));
    };
    for (const auto& s : costs.strands)
        text += fmt::format("{:<10} {:>10} {:<22} {:>10} {:<22} {:>10}\n", s.name,
                            duration_text(s.create.median), range(s.create), duration_text(s.change.median),
                            range(s.change), memory_text(s.memory));
    text +=
        "\ncreate: made, run and ended. switch: one way; a process through its pool's socket. memory: of one "
        "that waits.\n";
    return text;
}

std::string decision_table() {
    return "Which to use\n\n"
           "  the items …                                              use\n"
           "  are too few or too short to be worth a switch            sequential\n"
           "  mostly wait (share of time on CPU below 25 %)            coroutines: many in flight cost "
           "little memory\n"
           "  mostly wait, in calls that only block                    threads, as many as are to be in "
           "flight\n"
           "  mostly compute (above 75 %), on shared data              threads, one for each CPU\n"
           "  compute, may crash or leak, or use what is not           processes, one for each CPU, if "
           "moving the data costs\n"
           "  thread-safe                                              less than the work\n"
           "  compute and wait in turn                                 coroutines that submit the computing "
           "to a thread pool\n";
}

std::string worker_advice(const comparison& c, const calibration& costs) {
    std::string text = "How many workers\n\n";
    text += fmt::format("  for work on a CPU: {}, one for each CPU that this process may use\n", c.cpus);
    const model_result* told = nullptr;
    for (const model m : {model::sequential, model::threads, model::processes})
        if (told == nullptr) told = c.find(m);
    if (told == nullptr || told->p50 <= 0) return text;
    // Little's law: in flight = rate x time in the system.
    const double wait = told->p50 * (1 - told->cpu_share);
    const double compute = std::max(told->p50 * told->cpu_share, 1e-9);
    text += fmt::format(
        "  for work that waits: in flight = rate x latency; with an item of {} here, 1000 items/s need "
        "{:.0f}\n",
        duration_text(told->p50), std::max(1.0, std::ceil(1000 * told->p50)));
    text +=
        fmt::format("  an item waits {} and computes {}: {} CPUs are kept busy by about {:.0f} in flight\n",
                    duration_text(wait), duration_text(compute), c.cpus,
                    std::min(1e6, std::ceil(c.cpus * (1 + wait / compute))));
    const auto* thread = find(costs, "thread");
    const auto* coroutine = find(costs, "coroutine");
    if (thread != nullptr && coroutine != nullptr && thread->memory > 0 && coroutine->memory > 0)
        text += fmt::format("  10000 in flight take {} as threads, {} as coroutines\n",
                            memory_text(10000 * thread->memory), memory_text(10000 * coroutine->memory));
    return text;
}

}  // namespace

std::string explanation(const comparison& c, const calibration& costs) {
    return costs_table(costs) + "\n" + decision_table() + "\n" + worker_advice(c, costs);
}

}  // namespace heddle::inline v0::cli
