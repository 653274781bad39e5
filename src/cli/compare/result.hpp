// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a comparison found: the figures of each model over its repetitions, and the verdict.

#include "options.hpp"
#include "run_model.hpp"
#include "statistics.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace heddle::inline v0::cli {

/// One model's figures.
struct model_result {
    model which{};
    unsigned workers = 0;              // threads, processes, or coroutines at once
    summary wall;                      // seconds
    double speed_up = 0;               // over sequential, of the medians; 0 if that was not run
    double throughput = 0;             // of the workload's unit, per second
    double p50 = 0, p95 = 0, p99 = 0;  // seconds per item, over all repetitions
    double cpu = 0;                    // seconds, median
    double memory = 0;                 // bytes, the highest seen
    double voluntary = 0;              // context switches, median
    double involuntary = 0;
    double bytes_moved = 0;  // between processes, median
    double cpu_share = 0;    // of the items' time, how much was spent on a CPU; 0 where it cannot be told
    std::vector<run_report> runs;  // those that succeeded
    std::vector<std::string> failures;

    bool ok() const { return !runs.empty(); }
};

struct comparison {
    std::string name;
    std::string title;
    std::string unit;
    bool waits = false;
    std::size_t items = 0;
    unsigned cpus = 1;
    std::vector<model_result> models;
    std::vector<std::string> problems;  // files that could not be read, requests that failed; each once
    std::vector<std::string> notes;
    bool same_answer = true;

    const model_result* find(model m) const;
    /// The first run of the first model that succeeded; null if none did.
    const run_report* any_run() const;
};

/// Computes a model's figures from its runs, and its speed-up if `c` has a sequential run.
void compute_figures(model_result& m, const comparison& c, double units_of_work);

struct verdict {
    model use{};
    bool noise = false;                // others are as good within the spread
    std::string sentence;              // which to use and the measurement that decides it
    std::vector<std::string> reasons;  // more of it, one line each
};

/// Says which model to use and why; nothing if no model succeeded. A pure function of the figures.
std::optional<verdict> judge(const comparison& c);

}  // namespace heddle::inline v0::cli
