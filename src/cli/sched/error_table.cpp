// SPDX-License-Identifier: BSL-1.0
#include "error_table.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <map>
#include <sched/report.hpp>
#include <utility>

namespace heddle::inline v0::cli {

namespace {

double ms(sched::duration d) {
    return static_cast<double>(d.count()) / 1e6;
}

}  // namespace

std::string error_table(const sched::workload& work, const sched::simulation& measured,
                        const sched::simulation& predicted, bool& within) {
    std::string text = fmt::format("{:<20} {:>12} {:>12} {:>10}\n", "task", "predicted", "measured", "error");
    std::map<std::pair<std::uint32_t, std::uint64_t>, const sched::job_result*> expected;
    for (const auto& j : predicted.jobs) expected[{j.task, j.number}] = &j;
    const auto line = [&](std::uint32_t task, const std::string& before, const std::string& after,
                          const std::string& error) {
        text += sched::padded(sched::shortened(sched::printable(work.tasks[task].name), 20), 20) +
                fmt::format(" {:>12} {:>12} {:>10}\n", before, after, error);
    };
    const auto shown = [](sched::time t) { return fmt::format("{:.1f} ms", ms(t.time_since_epoch())); };
    for (const auto& j : measured.jobs) {
        const auto found = expected.find({j.task, j.number});
        const sched::job_result* const e = found == expected.end() ? nullptr : found->second;
        if (e != nullptr) expected.erase(found);
        const bool foreseen = e != nullptr && e->finished();
        if (!foreseen || !j.finished()) {
            const bool neither = !foreseen && (!j.finished() || (e != nullptr && j.finish >= predicted.end));
            within = within && neither;
            line(j.task, foreseen ? shown(e->finish) : "-", j.finished() ? shown(j.finish) : "-", "-");
            continue;
        }
        const double off = ms(j.finish - e->finish);
        within = within && std::abs(off) <= std::max(0.015 * ms(j.finish.time_since_epoch()), 8.0);
        line(j.task, shown(e->finish), shown(j.finish), fmt::format("{:+.1f} ms", off));
    }
    for (const auto& [id, e] : expected) {
        within = within && !e->finished();
        line(e->task, e->finished() ? shown(e->finish) : "-", "-", "-");
    }
    return text;
}

}  // namespace heddle::inline v0::cli
