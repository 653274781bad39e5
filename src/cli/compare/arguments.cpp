// SPDX-License-Identifier: BSL-1.0
#include "compare.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iterator>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "../usage_error.hpp"
#include "../verbs.hpp"

namespace heddle::inline v0::cli {

namespace {

// What is given in words and has to be looked at once parsed.
struct arguments {
    std::string workload;
    std::string argument;
    std::string models;
};

void describe_compare(CLI::App& verb, compare_options& o, arguments& given) {
    verb.add_option("workload", given.workload,
                    "words DIR, hash DIR, primes N, squares N, sleep N, fetch N or mixed N")
        ->default_str("words");
    verb.add_option("argument", given.argument, "the directory or the number")
        ->default_str("/usr/include, or the workload's own number");
    verb.add_option("-w,--workers", o.workers,
                    "how many threads and processes; default: one for each CPU, --in-flight where work waits")
        ->check(CLI::Range(1, 10000));
    verb.add_option("-r,--repeat", o.repeat, "how often each model runs")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    verb.add_option("-m,--models", given.models,
                    "which models, separated by commas: sequential,coroutines,threads,processes");
    verb.add_option("--in-flight", o.in_flight, "how many items wait at once")
        ->check(CLI::Range(1, 100000))
        ->capture_default_str();
    verb.add_option("--latency", o.latency_ms,
                    "sleep, mixed: how long an item waits; fetch: how long the server takes; in ms")
        ->check(CLI::Range(0.0, 60000.0));
    verb.add_option("--url", o.url, "fetch: from this server (http://…) in place of one on loopback");
    verb.add_option("--timeout", o.timeout_s, "fetch: after how many seconds to give up on a request")
        ->check(CLI::Range(0.001, 3600.0))
        ->capture_default_str();
    verb.add_flag("--json", o.json, "print JSON");
    verb.add_option("--html", o.html, "also write a page with charts to this file");
    verb.add_flag("--timeline", o.timeline, "draw who ran what when");
    verb.add_flag("--explain", o.explain,
                  "measure what threads, processes, fibers and coroutines cost here, and say what follows");
}

std::vector<model> models_named(const std::string& list) {
    std::vector<model> models;
    std::istringstream names(list);
    for (std::string name; std::getline(names, name, ',');) {
        const auto* const found = std::find_if(std::begin(all_models), std::end(all_models),
                                               [&](model m) { return name == name_of(m); });
        if (found == std::end(all_models))
            throw usage_error("unknown model '" + name +
                              "'; there are sequential, coroutines, threads and processes");
        if (std::find(models.begin(), models.end(), *found) == models.end()) models.push_back(*found);
    }
    return models;
}

// The workload's argument is a directory or a number, as the workload has it.
void take_argument(compare_options& o, const std::string& what, const std::string& rest) {
    o.workload = what.empty() ? "words" : what;
    if (rest.empty()) return;
    if (o.workload == "words" || o.workload == "hash") {
        o.directory = rest;
        return;
    }
    std::size_t used = 0;
    try {
        o.count = std::stoull(rest, &used);
    } catch (const std::exception&) {
    }
    constexpr std::uint64_t most = 1'000'000'000'000;
    if (used != rest.size() || rest.front() == '-' || o.count == 0 || o.count > most)
        throw usage_error("'" + rest + "' is not a number from 1 to " + std::to_string(most) + "; " +
                          o.workload + " takes one");
    if ((o.workload == "sleep" || o.workload == "fetch" || o.workload == "mixed") && o.count > 1'000'000)
        throw usage_error(o.workload + " takes at most 1000000 items");
}

}  // namespace

std::function<int()> add_compare(CLI::App& app) {
    auto options = std::make_shared<compare_options>();
    auto given = std::make_shared<arguments>();
    describe_compare(
        *app.add_subcommand("compare",
                            "run a workload in sequence, on threads, in processes and as coroutines, "
                            "and say which to use and why"),
        *options, *given);
    return [options, given] {
        if (!given->models.empty()) options->models = models_named(given->models);
        take_argument(*options, given->workload, given->argument);
        return run_compare(*options);
    };
}

}  // namespace heddle::inline v0::cli
