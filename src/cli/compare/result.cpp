// SPDX-License-Identifier: BSL-1.0
#include "result.hpp"

#include <algorithm>

namespace heddle::inline v0::cli {

const model_result* comparison::find(model m) const {
    for (const auto& r : models)
        if (r.which == m && r.ok()) return &r;
    return nullptr;
}

const run_report* comparison::any_run() const {
    for (const auto& m : models)
        if (m.ok()) return &m.runs.front();
    return nullptr;
}

void compute_figures(model_result& m, const comparison& c, double units_of_work) {
    if (!m.ok()) return;
    const auto median_of = [&m](auto figure) {
        std::vector<double> values;
        for (const auto& r : m.runs) values.push_back(static_cast<double>(figure(r)));
        return summarise(std::move(values));
    };
    m.wall = median_of([](const run_report& r) { return static_cast<double>(r.wall_ns) * 1e-9; });
    m.cpu = median_of([](const run_report& r) { return static_cast<double>(r.cpu_ns) * 1e-9; }).median;
    m.voluntary = median_of([](const run_report& r) { return r.voluntary; }).median;
    m.involuntary = median_of([](const run_report& r) { return r.involuntary; }).median;
    m.bytes_moved = median_of([](const run_report& r) { return r.bytes_moved; }).median;
    m.memory = std::max(m.memory, median_of([](const run_report& r) { return r.memory; }).max);
    m.throughput = m.wall.median > 0 ? units_of_work / m.wall.median : 0;
    if (const auto* s = c.find(model::sequential); s != nullptr && m.wall.median > 0)
        m.speed_up = s->wall.median / m.wall.median;

    std::vector<double> latencies;
    double on_cpu = 0;
    double in_all = 0;
    for (const auto& r : m.runs) {
        for (const span& s : r.spans) {
            latencies.push_back(static_cast<double>(s.end - s.start) * 1e-9);
            on_cpu += static_cast<double>(s.cpu);
            in_all += static_cast<double>(s.end - s.start);
        }
    }
    m.p50 = percentile(latencies, 50);
    m.p95 = percentile(latencies, 95);
    m.p99 = percentile(latencies, 99);
    m.cpu_share = in_all > 0 ? std::min(on_cpu / in_all, 1.0) : 0;
}

}  // namespace heddle::inline v0::cli
