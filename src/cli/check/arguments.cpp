// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>
#include <CLI/CLI.hpp>
#include <charconv>
#include <heddle/policy/any_policy.hpp>
#include <heddle/rt/topology.hpp>
#include <map>
#include <memory>

#include "../policy_list.hpp"
#include "../usage_error.hpp"
#include "../verbs.hpp"
#include "check_options.hpp"

namespace heddle::inline v0::cli {

namespace {

using check::points;
using check::search_mode;

const std::map<std::string, search_mode> modes{
    {"rotate", search_mode::rotate}, {"random", search_mode::random_walk}, {"pct", search_mode::pct},
    {"pos", search_mode::pos},       {"surw", search_mode::surw},          {"bounded", search_mode::bounded},
    {"dfs", search_mode::dfs}};
const std::map<std::string, points> places{
    {"auto", points::automatic}, {"sync", points::synchronisation}, {"memory", points::memory}};

struct given {
    std::string policies;
    std::string mode = "rotate";
    std::string where = "auto";
    std::string cpus = "2";
    double seconds = 60;
    double patience = 0;  // not given
    bool jitter = false;
    bool no_races = false;
    bool no_minimise = false;
};

std::vector<std::string> policies_of(const std::string& given) {
    std::vector<std::string> result = split_policies(given);
    for (const std::string& p : result) {
        try {
            policy::make_policy(p);
        } catch (const std::invalid_argument& e) {
            throw usage_error(std::string("--policy: ") + e.what());
        }
        if (p.size() > check::max_policy_text) throw usage_error("--policy: '" + p + "' is too long");
    }
    return result;
}

// "4" or "1..4".
check::cpu_range cpus_of(const std::string& given) {
    constexpr unsigned limit = 1024;
    unsigned least = 0;
    const char* const end = given.data() + given.size();
    auto at = std::from_chars(given.data(), end, least);
    unsigned most = least;
    if (at.ec == std::errc() && std::string_view(at.ptr, end).starts_with(".."))
        at = std::from_chars(at.ptr + 2, end, most);
    if (at.ec != std::errc() || at.ptr != end || least < 1 || most < least || most > limit)
        throw usage_error("--workers: '" + given +
                          "' is neither a number of CPUs, such as 4, nor several, such as 1..4 (up to " +
                          std::to_string(limit) + ")");
    return {least, most};
}

void describe(CLI::App& verb, check_options& o, given& g) {
    verb.add_option("-n,--schedules", o.search.schedules, "at most so many schedules")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
        ->capture_default_str();
    verb.add_option("-t,--time", g.seconds, "at most so many seconds")
        ->check(CLI::Range(0.01, 1e6))
        ->capture_default_str();
    verb.add_option("-s,--strategy", g.mode,
                    "how schedules are chosen: rotate, random, pct, pos, surw, bounded or dfs")
        ->check(CLI::IsMember(modes))
        ->capture_default_str();
    verb.add_option("--policy", g.policies,
                    "no search: one schedule as a scheduler has it on one CPU, under a policy of those that "
                    "heddle sched "
                    "has; several are separated by commas")
        ->excludes("--strategy");
    verb.add_option("--quantum", o.search.quantum, "of policies that say nothing else, in steps")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}))
        ->capture_default_str();
    verb.add_flag("--jitter", g.jitter,
                  "no control: run the program as it is, with random delays; for what cannot be controlled")
        ->excludes("--strategy")
        ->excludes("--policy");
    verb.add_option(
            "--hang-after", g.patience,
            "so many seconds without a step are a hang (5); with --jitter, a run of so many seconds (30)")
        ->check(CLI::Range(0.1, 1e6));
    verb.add_option("-d,--depth", o.search.depth, "of pct, and the most preemptions of bounded")
        ->check(CLI::Range(1, 16))
        ->capture_default_str();
    verb.add_option("--seed", o.search.seed, "another seed gives other schedules")->capture_default_str();
    verb.add_option("--points", g.where,
                    "where another thread may go on: sync, memory (needs an instrumented program), or auto")
        ->check(CLI::IsMember(places))
        ->capture_default_str();
    verb.add_option("--max-steps", o.search.max_steps, "a schedule of more steps makes no progress")
        ->check(CLI::Range(std::uint64_t{100}, std::uint64_t{4'000'000}))
        ->capture_default_str();
    verb.add_option("-j,--jobs", o.search.jobs, "schedules run at once; default: one for each CPU")
        ->check(CLI::Range(1, 256));
    verb.add_option("--workers", g.cpus,
                    "how many CPUs the program sees; 1..4: in each schedule another number of these")
        ->excludes("--jitter")
        ->capture_default_str();
    verb.add_flag("--no-races", g.no_races, "do not look for data races");
    verb.add_flag("--no-minimise", g.no_minimise, "show the schedule as it was found");
    verb.add_flag("--late-timeouts", o.search.late_timeouts, "time-outs happen only when nothing else can");
    verb.add_flag("--threads-left", o.search.threads_left_fail,
                  "an exit while a thread runs that is neither joined nor detached is a failure");
    verb.add_flag("--expect-same-output", o.search.expect_same_output,
                  "another standard output than in the first schedule is a failure");
    verb.add_flag("--ignore-exit-status", o.search.any_status,
                  "that the program ends with a status other than 0 is no failure");
    verb.add_flag("--baton", o.search.baton, "run each thread on a kernel thread of its own (slower)");
    verb.add_flag("--fork", o.search.fork,
                  "a process for each schedule, also where one can run many of them (slower)");
    verb.add_option("--replay", o.replay, "run the schedule of this file again");
    verb.add_option("-o,--replay-file", o.replay_file, "where to write the schedule that fails")
        ->default_str("PROGRAM.replay");
    verb.add_option("--output", o.output, "append what the program prints to this file; default: nowhere");
    verb.add_flag("--json", o.json, "print JSON");
    verb.prefix_command();
    verb.footer("The program and its arguments come last: heddle check [OPTIONS] PROGRAM [ARGUMENT…]");
}

}  // namespace

std::function<int()> add_check(CLI::App& app) {
    auto o = std::make_shared<check_options>();
    auto g = std::make_shared<given>();
    CLI::App* const verb = app.add_subcommand(
        "check",
        "run a program under many orders of its threads, find the one that breaks it, and replay it");
    o->search.jobs = static_cast<unsigned>(rt::cpu_count());
    describe(*verb, *o, *g);
    return [verb, o, g] {
        o->command = verb->remaining();
        if (!o->command.empty() && o->command.front() == "--") o->command.erase(o->command.begin());
        if (o->command.empty() && o->replay.empty())
            throw usage_error("which program? heddle check [OPTIONS] PROGRAM [ARGUMENT…]");
        if (!o->command.empty() && o->command.front().starts_with("-"))
            throw usage_error("unknown option '" + o->command.front() + "'; see heddle check --help");
        o->search.mode = modes.at(g->mode);
        if (verb->count("--policy") > 0) {
            o->search.policies = policies_of(g->policies);
            o->search.mode = search_mode::policy;
        }
        if (g->jitter) o->search.mode = search_mode::jitter;
        const double patience = g->patience > 0 ? g->patience : g->jitter ? 30 : 5;
        o->search.patience = std::chrono::milliseconds(static_cast<std::int64_t>(patience * 1000));
        o->search.cpus = cpus_of(g->cpus);
        o->search.where = places.at(g->where);
        o->search.time = std::chrono::milliseconds(static_cast<std::int64_t>(g->seconds * 1000));
        o->search.find_races = !g->no_races;
        o->search.minimise = !g->no_minimise;
        o->colour = !o->json && ::isatty(STDOUT_FILENO) == 1;
        return run_check(*o);
    };
}

}  // namespace heddle::inline v0::cli
