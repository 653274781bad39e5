// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is shown of simulations: tables, charts, explanations, in the formats of the command.

#include <heddle/sched/simulate.hpp>
#include <heddle/sched/statistics.hpp>
#include <heddle/sched/workload.hpp>
#include <string>
#include <vector>

namespace heddle::inline v0::sched {

/// A policy over the workload.
struct policy_run {
    std::string policy{};  ///< as the user named it
    simulation run{};
    statistics numbers{};
};

/// A time as the workload counts them: 12, 12 s, or 12.5 ms.
std::string show(duration d, time_unit unit);
std::string show(time t, time_unit unit);

/// The figures of each policy, the best of each marked; of one policy also those of each task.
std::string table_text(const workload& w, const std::vector<policy_run>& runs);

/// A row for each task, and where there is room one for each CPU. `columns` is the width of the terminal.
std::string gantt_text(const workload& w, const policy_run& r, std::size_t columns);

/// "at t=10 P1's quantum ends; P2 and P3 are waiting", line by line.
std::string explanation(const workload& w, const policy_run& r);

std::string report_json(const workload& w, const std::vector<policy_run>& runs);
/// A line for each job of each policy.
std::string report_csv(const workload& w, const std::vector<policy_run>& runs);
std::string gantt_svg(const workload& w, const std::vector<policy_run>& runs);
/// One page that needs no network: figures, and charts that can be zoomed. What is measured and what is
/// predicted are no rivals: `marked` says whether the best figures are.
std::string gantt_html(const workload& w, const std::vector<policy_run>& runs, const std::string& title,
                       bool marked = true);
/// For chrome://tracing and Perfetto.
std::string chrome_trace(const workload& w, const std::vector<policy_run>& runs);

/// The figures that are compared, for all reports.
struct figure {
    const char* name;
    bool less_is_better;
    double (*of)(const statistics&);
    bool is_time;
    std::size_t (*over)(const statistics&);  ///< how many jobs it is a mean of; null if of none
};
const std::vector<figure>& figures();
/// Which runs are best by a figure; none if all are alike. What is a mean over jobs is compared only among
/// the runs in which most jobs got so far: who finishes only the short ones is not fast.
std::vector<bool> best_by(const figure& f, const std::vector<policy_run>& runs);
std::string show(const figure& f, const statistics& s, time_unit unit);

/// Until when charts show a job: one that is given up is there until its deadline.
time end_of(const job_result& job, const simulation& run);

/// Text that a terminal shows and does not obey: what controls it, and what is not UTF-8, is shown as U+FFFD.
std::string printable(const std::string& text);
/// How many columns a terminal gives it.
std::size_t shown_width(const std::string& text);
/// What of it fits into so many columns; the last shows that there is more.
std::string shortened(const std::string& text, std::size_t columns);
/// With blanks behind it.
std::string padded(const std::string& text, std::size_t columns);

/// Text for a page.
std::string escaped(const std::string& text);
/// The colour of a task, "#rrggbb"; neighbours differ.
std::string colour_of(std::size_t task);

}  // namespace heddle::inline v0::sched
