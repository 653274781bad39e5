// SPDX-License-Identifier: BSL-1.0
#include <CLI/CLI.hpp>
#include <heddle/policy/any_policy.hpp>
#include <map>
#include <memory>

#include "../policy_list.hpp"
#include "../usage_error.hpp"
#include "../verbs.hpp"
#include "sched_options.hpp"

namespace heddle::inline v0::cli {

namespace {

using sched::file_format;

const std::map<std::string, file_format> formats{
    {"auto", file_format::automatic}, {"text", file_format::text},   {"csv", file_format::csv},
    {"swf", file_format::swf},        {"trace", file_format::trace}, {"rt-app", file_format::rt_app}};

struct machine_words {
    std::string format = "auto";
    std::vector<std::string> policies{};
    bool steal = false;
};

void describe_input(CLI::App& verb, sched_options& o, machine_words& g) {
    verb.add_option("file", o.arguments, "a workload, or - for standard input; with --record the command");
    verb.add_option("-f,--format", g.format,
                    "auto, text, csv, swf, trace (perf sched script, ftrace) or rt-app")
        ->check(CLI::IsMember(formats))
        ->capture_default_str();
    verb.add_option(
        "-g,--generate", o.generate,
        "make a workload: poisson, bursty, heavy or periodic, and words such as n=100 load=0.8 seed=1");
    verb.add_option("--textbook", o.textbook, "a classic case by name; without a name, all of them")
        ->expected(0, 1);
    verb.add_option("-p,--policy", g.policies,
                    "policies, separated by commas; words that set one up follow a colon: rr:4")
        ->take_all()
        ->expected(1);
    verb.add_option("-q,--quantum", o.quantum, "of policies that have one and do not say");
    verb.add_option("--ties", o.ties,
                    "who goes first of those that a policy does not tell apart: order, arrival or id")
        ->check(CLI::IsMember({"order", "arrival", "id"}));
    verb.add_option("--seed", o.seed, "of policies that draw lots")->capture_default_str();
}

void describe_machine(CLI::App& verb, sched_options& o, machine_words& g) {
    verb.add_option("-c,--cpus", o.cpus, "how many CPUs; default: as the file says, or one")
        ->check(CLI::Range(1, 1'000'000));
    verb.add_flag("--queue-per-cpu", o.machine.queue_per_cpu,
                  "a queue for each CPU; tasks are dealt out in turn");
    verb.add_flag("--steal", g.steal, "an idle CPU takes from the longest queue (implies --queue-per-cpu)");
    verb.add_option("--steal-every", o.steal_every, "and looks only at multiples of this");
    verb.add_option("--switch-cost", o.switch_cost, "what it costs to go on with another task");
    verb.add_flag("--cooperative", o.machine.cooperative, "nobody is interrupted");
    verb.add_flag("--inherit", o.machine.inheritance, "who has a lock is as urgent as those who wait for it");
    verb.add_flag("--lower", o.machine.lower_is_higher, "a lower number is a higher priority");
    verb.add_flag("--drop-late", o.machine.drop_late,
                  "what has missed its deadline is not finished any more");
    verb.add_option("--until", o.until, "the end");
    verb.add_option("--cache", o.cache, "the size of each CPU's cache")
        ->check(CLI::Range(std::int64_t{0}, std::int64_t{1} << 50));
    verb.add_option("--warm-after", o.warm_after, "how long a task runs until it is warm")->default_str("10");
    verb.add_option("--warm-speed", o.warm_speed, "how many times as fast it then is")
        ->check(CLI::Range(1, 1000))
        ->default_str("2");
}

void describe_output(CLI::App& verb, sched_options& o) {
    verb.add_flag("--explain", o.explain, "tell what happens, step by step");
    verb.add_flag("--gantt", o.gantt, "draw the charts, also of a large workload");
    verb.add_flag("--no-gantt", o.no_gantt, "do not draw the charts");
    verb.add_flag("--json", o.json, "print JSON");
    verb.add_flag("--csv", o.csv, "print a line for each job");
    const auto named = [](const std::string& file) {
        return file.empty() ? "give the name of a file" : std::string();
    };
    verb.add_option("--html", o.html, "also write a page with charts that can be zoomed to this file")
        ->check(named);
    verb.add_option("--svg", o.svg, "also write the charts to this file")->check(named);
    verb.add_option("--trace", o.trace, "also write a trace for Chrome or Perfetto to this file")
        ->check(named);
    verb.add_flag("--ps", o.ps,
                  "list the tasks of this machine with class, priority, nice, slice, CPU and state");
    verb.add_option("--renice", o.renice, "PID NICE: change a nice value")->expected(2);
    verb.add_option("--set", o.set,
                    "PID CLASS[:N]: change a class, such as 42 fifo:10, 42 other:5, 42 slice:3ms")
        ->expected(2);
    verb.add_flag("--record", o.record,
                  "run the command, and compare what the kernel did with what is predicted (root)");
    verb.add_flag(
        "--live", o.live,
        "run the workload under the policies, in a pool of this process, and compare with what is predicted");
    verb.add_option("--unit", o.unit, "with --live: how long a unit of time lasts; default: 5ms");
}

}  // namespace

std::function<int()> add_sched(CLI::App& app) {
    auto o = std::make_shared<sched_options>();
    auto g = std::make_shared<machine_words>();
    CLI::App* const verb = app.add_subcommand(
        "sched",
        "simulate scheduling policies on a workload and compare them; show and set those of this machine");
    describe_input(*verb, *o, *g);
    describe_machine(*verb, *o, *g);
    describe_output(*verb, *o);
    std::string footer = "Policies:";
    for (const auto& [name, words] : policy::policy_names())
        footer += "\n  " + name + (words.empty() ? "" : "  " + words);
    verb->footer(footer);
    return [verb, o, g] {
        o->format = formats.at(g->format);
        o->list_textbook = verb->count("--textbook") > 0 && o->textbook.empty();
        o->machine.stealing = g->steal || !o->steal_every.empty();
        o->machine.queue_per_cpu = o->machine.queue_per_cpu || o->machine.stealing;
        for (const std::string& list : g->policies)
            for (std::string& p : split_policies(list)) o->policies.push_back(std::move(p));
        const bool processes = o->ps || !o->renice.empty() || !o->set.empty();
        const bool textbook = o->list_textbook || !o->textbook.empty();
        if ((processes ? 1 : 0) + (textbook ? 1 : 0) + (o->record ? 1 : 0) + (o->live ? 1 : 0) > 1)
            throw usage_error("give one of --textbook, --record, --live, and --ps, --renice or --set");
        if (processes) return run_processes(*o);
        if (o->record) return run_record(*o);
        if (o->live) return run_live(*o);
        if (!o->unit.empty()) throw usage_error("--unit is for --live; a simulation has units of its own");
        return run_sched(*o);
    };
}

}  // namespace heddle::inline v0::cli
