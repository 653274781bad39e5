// SPDX-License-Identifier: BSL-1.0
#pragma once

// Comparisons with the figures that a test wants them to have.

#include <cli/compare/result.hpp>

#include <cstdint>
#include <utility>
#include <vector>

namespace cli_tests {

namespace cli = heddle::cli;

/// A model that succeeded. Set what else matters.
inline cli::model_result ran(cli::model which, double median, double min, double max, unsigned workers = 1) {
    cli::model_result m;
    m.which = which;
    m.workers = workers;
    m.wall = {median, min, max};
    m.runs.resize(1);
    m.runs[0].wall_ns = static_cast<std::int64_t>(median * 1e9);
    m.runs[0].digest = "same";
    return m;
}

/// The same, with a spread of a percent.
inline cli::model_result ran(cli::model which, double median, unsigned workers = 1) {
    return ran(which, median, median * 0.99, median * 1.01, workers);
}

/// Sets what depends on others and, for all models, the share of time on a CPU.
inline cli::comparison compared(std::vector<cli::model_result> models, double cpu_share) {
    cli::comparison c;
    c.name = "words";
    c.title = "words: planted";
    c.unit = "MB";
    c.items = 100;
    c.cpus = 2;
    c.models = std::move(models);
    const auto* const sequential = c.find(cli::model::sequential);
    for (auto& m : c.models) {
        m.cpu_share = cpu_share;
        if (m.ok() && sequential != nullptr) m.speed_up = sequential->wall.median / m.wall.median;
    }
    return c;
}

}  // namespace cli_tests
