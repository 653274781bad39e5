// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <algorithm>

#include "report.hpp"

namespace heddle::inline v0::sched {

namespace {

// Columns as wide as their widest entry; the first is to the left.
std::string aligned(const std::vector<std::vector<std::string>>& rows) {
    std::vector<std::size_t> widths;
    for (const auto& row : rows)
        for (std::size_t i = 0; i < row.size(); ++i) {
            if (i == widths.size()) widths.push_back(0);
            widths[i] = std::max(widths[i], shown_width(row[i]));
        }
    std::string text;
    for (const auto& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i)
            line += i == 0 ? padded(row[i], widths[i])
                           : "  " + std::string(widths[i] - shown_width(row[i]), ' ') + row[i];
        line.erase(line.find_last_not_of(' ') + 1);
        text += line + "\n";
    }
    return text;
}

std::string by_task(const workload& w, const policy_run& r) {
    constexpr std::size_t most = 60;
    const bool deadlines =
        r.numbers.all.missed > 0 || std::any_of(w.tasks.begin(), w.tasks.end(), [](const task_spec& t) {
            return t.deadline || t.period > duration::zero();
        });
    std::vector<std::vector<std::string>> rows{
        {"task", "arrival", "CPU", "finish", "turnaround", "waiting", "response"}};
    if (deadlines) rows.front().insert(rows.front().end(), {"jobs", "missed"});
    std::vector<const job_result*> last(w.tasks.size(), nullptr);
    for (const job_result& j : r.run.jobs) last[j.task] = &j;
    for (std::size_t i = 0; i < std::min(most, w.tasks.size()); ++i) {
        const summary& s = r.numbers.tasks[i];
        const bool once = s.jobs == 1 && s.finished == 1;
        const auto mean = [&](const distribution& d) {
            return once ? show(d.most, w.unit)
                        : show(duration(static_cast<std::int64_t>(d.mean + 0.5)), w.unit);
        };
        std::string finish = "-";
        if (last[i] != nullptr && last[i]->finished()) finish = show(last[i]->finish, w.unit);
        rows.push_back(
            {printable(w.tasks[i].name), show(w.tasks[i].arrival, w.unit), show(s.cpu, w.unit), finish,
             s.finished > 0 ? mean(s.turnaround) : "-", s.finished > 0 ? mean(s.waiting) : "-",
             last[i] != nullptr && (s.finished > 0 || last[i]->started()) ? mean(s.response) : "-"});
        if (deadlines) {
            rows.back().push_back(fmt::format("{}", s.jobs));
            rows.back().push_back(fmt::format("{}", s.missed));
        }
    }
    std::string text = aligned(rows);
    if (w.tasks.size() > most) text += fmt::format("… and {} more\n", w.tasks.size() - most);
    return text;
}

}  // namespace

std::string table_text(const workload& w, const std::vector<policy_run>& runs) {
    std::string text;
    if (runs.size() == 1 && !runs.front().numbers.tasks.empty()) text += by_task(w, runs.front()) + "\n";
    std::vector<std::vector<std::string>> rows(runs.size() + 1);
    rows[0] = {"policy"};
    for (std::size_t i = 0; i < runs.size(); ++i) rows[i + 1] = {runs[i].policy};
    const bool deadlines = std::any_of(runs.begin(), runs.end(), [](const policy_run& r) {
        return std::any_of(r.run.jobs.begin(), r.run.jobs.end(),
                           [](const job_result& j) { return j.deadline != time::max(); });
    });
    for (const figure& f : figures()) {
        if (std::string_view(f.name) == "missed" && !deadlines) continue;
        rows[0].push_back(std::string(f.name) + " ");
        const std::vector<bool> best = best_by(f, runs);
        for (std::size_t i = 0; i < runs.size(); ++i)
            rows[i + 1].push_back(show(f, runs[i].numbers, w.unit) + (best[i] ? "*" : " "));
    }
    text += aligned(rows);
    if (runs.size() > 1) {
        const bool alike = std::all_of(runs.begin(), runs.end(), [&](const policy_run& r) {
            return r.numbers.all.finished == runs.front().numbers.all.jobs;
        });
        text += alike ? "* the best; means over all jobs, p95 the time that 95 % do not exceed\n"
                      : "* the best; means over the jobs that finished, compared among the policies that "
                        "finished the most; p95 the time that 95 % do not exceed\n";
    }
    for (const policy_run& r : runs) {
        const summary& all = r.numbers.all;
        if (all.dropped > 0)
            text += fmt::format("{}: {} of {} jobs were given up when they missed their deadline\n", r.policy,
                                all.dropped, all.jobs);
        const std::size_t open = all.jobs - all.finished - all.dropped;
        if (open > 0)
            text += fmt::format("{}: {} of {} jobs did not finish by {}\n", r.policy, open,
                                r.numbers.all.jobs, show(r.run.end, w.unit));
        for (const std::string& why : r.run.stuck) text += r.policy + ": deadlock: " + printable(why) + "\n";
    }
    for (const std::string& note : w.notes)
        text += (note.starts_with("warning:") ? "" : "note: ") + printable(note) + "\n";
    return text;
}

}  // namespace heddle::inline v0::sched
