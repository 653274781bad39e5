// SPDX-License-Identifier: BSL-1.0
#include "error_table.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <map>
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
    for (const auto& j : measured.jobs) {
        const auto found = expected.find({j.task, j.number});
        if (found == expected.end() || !found->second->finished() || !j.finished()) continue;
        const sched::job_result& e = *found->second;
        const double off = ms(j.finish - e.finish);
        within = within && std::abs(off) <= std::max(0.015 * ms(j.finish.time_since_epoch()), 8.0);
        text += fmt::format("{:<20} {:>9.1f} ms {:>9.1f} ms {:>+7.1f} ms\n",
                            work.tasks[j.task].name.substr(0, 20), ms(e.finish.time_since_epoch()),
                            ms(j.finish.time_since_epoch()), off);
    }
    return text;
}

}  // namespace heddle::inline v0::cli
