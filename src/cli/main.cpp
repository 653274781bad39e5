// SPDX-License-Identifier: BSL-1.0
// The command: argument parsing, and the exit codes 0 (fine), 1 (a run failed), 2 (asked for something
// impossible) and 130 (interrupted).
#include "compare/compare.hpp"
#include "usage_error.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <heddle/rt/version.hpp>
#include <map>

namespace {

using namespace heddle::cli;

void describe_compare(CLI::App& verb, compare_options& o, std::string& what, std::string& rest) {
    verb.add_option("workload", what, "words DIR, hash DIR, primes N, squares N, sleep N, fetch N or mixed N")
        ->default_str("words");
    verb.add_option("argument", rest, "the directory or the number")
        ->default_str("/usr/include, or the workload's own number");
    verb.add_option("-w,--workers", o.workers,
                    "how many threads and processes; default: one for each CPU, --in-flight where work waits")
        ->check(CLI::Range(1, 10000));
    verb.add_option("-r,--repeat", o.repeat, "how often each model runs")
        ->check(CLI::Range(1, 1000))
        ->capture_default_str();
    static const std::map<std::string, model> names{{"sequential", model::sequential},
                                                    {"threads", model::threads},
                                                    {"processes", model::processes},
                                                    {"coroutines", model::coroutines}};
    verb.add_option("-m,--models", o.models,
                    "which models, separated by commas: sequential,threads,processes,coroutines")
        ->delimiter(',')
        ->transform(CLI::CheckedTransformer(names, CLI::ignore_case).description(""));
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

int fail(int code, const char* what) {
    std::fprintf(stderr, "heddle: %s\n", what);
    return code;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{"threads, processes and coroutines under one model", "heddle"};
    app.set_version_flag("--version", heddle::version());
    app.require_subcommand(1);
    app.failure_message([](const CLI::App*, const CLI::Error& e) {
        return std::string("heddle: ") + e.what() + "; see heddle --help\n";
    });
    compare_options options;
    std::string what;
    std::string rest;
    describe_compare(
        *app.add_subcommand("compare",
                            "run a workload in sequence, on threads, in processes and as coroutines, "
                            "and say which to use and why"),
        options, what, rest);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        const int code = app.exit(e);
        return code == 0 ? 0 : 2;
    }
    try {
        take_argument(options, what, rest);
        return run_compare(options);
    } catch (const usage_error& e) {
        return fail(2, e.what());
    } catch (const interrupted_error& e) {
        return fail(130, e.what());
    } catch (const std::exception& e) {
        return fail(1, e.what());
    }
}
