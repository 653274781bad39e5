// SPDX-License-Identifier: BSL-1.0
#pragma once

// One run of a workload on one model. It is made in a process of its own, so that time, memory and context
// switches are that run's and nobody else's.

#include "item.hpp"
#include "options.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace heddle::inline v0::cli {

/// What travels to the process that makes the run.
struct run_request {
    std::uint32_t which = 0;  // a model
    std::string workload;
    std::vector<item> items;
    std::uint32_t workers = 1;
    std::string progress;  // path of a shared_counter

    template <class Archive> void serialize(Archive& a) { a(which, workload, items, workers, progress); }
};

/// What comes back.
struct run_report {
    std::int64_t wall_ns = 0;  // from making the executor to having the answer and the executor shut down
    std::int64_t cpu_ns = 0;
    std::int64_t voluntary = 0;
    std::int64_t involuntary = 0;
    std::uint64_t memory = 0;       // when the answer was there; the parent samples during the run
    std::uint64_t bytes_moved = 0;  // between processes
    std::string digest;
    std::vector<std::string> summary;
    std::vector<std::pair<std::string, std::uint64_t>> top_words;
    std::uint64_t number = 0;
    std::uint64_t distinct_words = 0;
    std::uint64_t files = 0;
    std::uint64_t bytes = 0;
    std::vector<std::string> problems;
    std::vector<std::string> notes;  // workers that died and whose items were run again
    std::vector<span> spans;         // one for each item
    std::int64_t began = 0;          // of rt::clock, so that spans can be placed

    template <class Archive> void serialize(Archive& a) {
        a(wall_ns, cpu_ns, voluntary, involuntary, memory, bytes_moved, digest, summary, top_words, number,
          distinct_words, files, bytes, problems, notes, spans, began);
    }
};

/// Makes the run, here and now.
run_report run_model(const run_request& request);

}  // namespace heddle::inline v0::cli
