// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

namespace heddle::inline v0::cli {

enum class model { sequential, coroutines, threads, processes };

/// In the order of effort that they ask of whoever writes the program; a tie is decided by it.
inline constexpr model all_models[] = {model::sequential, model::coroutines, model::threads,
                                       model::processes};

const char* name_of(model m);

/// What the user asked for.
struct compare_options {
    std::string workload = "words";
    std::string directory = "/usr/include";
    std::uint64_t count = 0;  // 0: the workload's own
    std::string url;
    double latency_ms = -1;  // negative: the workload's own
    double timeout_s = 5;
    unsigned workers = 0;  // 0: one for each CPU, or in_flight where the work waits
    unsigned in_flight = 64;
    unsigned repeat = 3;
    std::vector<model> models{std::begin(all_models), std::end(all_models)};
    bool json = false;
    bool explain = false;
    bool timeline = false;
    std::string html;
};

}  // namespace heddle::inline v0::cli
