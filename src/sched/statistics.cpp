// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <heddle/sched/statistics.hpp>

namespace heddle::inline v0::sched {

namespace {

distribution distribution_of(std::vector<duration>& all) {
    distribution d;
    d.count = all.size();
    if (all.empty()) return d;
    // In floating point the sum of a million long times does not overflow; its error is far below a unit.
    long double sum = 0;
    for (const duration v : all) sum += static_cast<long double>(v.count());
    d.mean = static_cast<double>(sum / static_cast<long double>(all.size()));
    // Nothing else needs the order. What is below a rank is on its left from then on, so the next one is
    // looked for on its right.
    auto done = all.begin();
    const auto rank = [&](std::size_t percent) {
        const auto nth = all.begin() + static_cast<std::ptrdiff_t>((all.size() * percent + 99) / 100 - 1);
        if (nth >= done) std::nth_element(done, nth, all.end());
        done = nth + 1;
        return *nth;
    };
    d.p50 = rank(50);
    d.least = *std::min_element(all.begin(), done);
    d.p90 = rank(90);
    d.p95 = rank(95);
    d.p99 = rank(99);
    d.most = *std::max_element(done - 1, all.end());
    return d;
}

double progress_of(const job_result& j) {
    const auto total = static_cast<double>(j.turnaround().count());
    return total > 0 ? static_cast<double>((j.cpu + j.io).count()) / total : 1;
}

template <class Jobs> summary summary_of(const Jobs& jobs) {
    summary s;
    std::vector<duration> turnaround, waiting, response;
    for (auto* const each : {&turnaround, &waiting, &response}) each->reserve(jobs.size());
    double slowdown = 0;
    std::size_t slowed = 0;
    for (const job_result* const j : jobs) {
        ++s.jobs;
        s.cpu += j->cpu;
        s.io += j->io;
        if (j->missed) ++s.missed;
        if (j->dropped) ++s.dropped;
        if (j->started()) response.push_back(j->response());
        if (!j->finished()) continue;
        ++s.finished;
        turnaround.push_back(j->turnaround());
        waiting.push_back(j->waiting + j->blocked);
        if (const double p = progress_of(*j); p > 0) {
            slowdown += 1 / p;
            ++slowed;
        }
    }
    s.turnaround = distribution_of(turnaround);
    s.waiting = distribution_of(waiting);
    s.response = distribution_of(response);
    if (slowed > 0) s.slowdown = slowdown / static_cast<double>(slowed);
    return s;
}

// R. Jain, D. Chiu, W. Hawe, DEC-TR-301, 1984.
double jain(const std::vector<job_result>& jobs) {
    double sum = 0, squares = 0;
    std::size_t n = 0;
    for (const job_result& j : jobs) {
        if (!j.finished()) continue;
        const double x = progress_of(j);
        sum += x;
        squares += x * x;
        ++n;
    }
    return squares > 0 ? sum * sum / (static_cast<double>(n) * squares) : 1;
}

}  // namespace

statistics summarise(const workload& w, const simulation& s, bool by_task) {
    statistics r;
    std::vector<const job_result*> all;
    all.reserve(s.jobs.size());
    for (const job_result& j : s.jobs) all.push_back(&j);
    r.all = summary_of(all);
    if (by_task) {
        std::vector<std::vector<const job_result*>> of(w.tasks.size());
        for (const job_result& j : s.jobs) of[j.task].push_back(&j);
        for (const auto& jobs : of) r.tasks.push_back(summary_of(jobs));
    }
    r.elapsed = s.end - s.begin;
    if (r.elapsed > duration::zero()) {
        const auto elapsed = static_cast<double>(r.elapsed.count());
        r.throughput = static_cast<double>(r.all.finished) / elapsed;
        r.utilisation = static_cast<double>(s.busy.count()) / elapsed / s.cpus;
    }
    r.fairness = jain(s.jobs);
    r.switches = s.switches;
    r.migrations = s.migrations;
    r.overhead = s.overhead;
    return r;
}

}  // namespace heddle::inline v0::sched
