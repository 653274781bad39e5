// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <unistd.h>
#include <algorithm>
#include <check/explore/plan.hpp>
#include <check/explore/replay_file.hpp>
#include <check/explore/report_json.hpp>
#include <check/explore/report_text.hpp>
#include <check/explore/search.hpp>
#include <check/explore/standstill.hpp>
#include <check/explore/symbols.hpp>
#include <cstdio>
#include <filesystem>
#include <heddle/rt/error.hpp>
#include <memory>
#include <nlohmann/json.hpp>
#include <system_error>

#include "../compare/interrupt.hpp"
#include "../compare/progress.hpp"
#include "../usage_error.hpp"
#include "check_options.hpp"
#include "runtime_path.hpp"

namespace heddle::inline v0::cli {

namespace {

using check::finding;
using check::schedule_server;

check::target target_of(const check_options& o, const std::vector<std::string>& command) {
    return {.command = command, .runtime = runtime_path(), .environment = {}, .output = o.output};
}

std::string replay_file_for(const check_options& o) {
    if (!o.replay_file.empty()) return o.replay_file;
    return std::filesystem::path(o.command.front()).filename().string() + ".replay";
}

std::string describe_failure(const check_options& o, const finding& f, const schedule_server& server) {
    const check::symbols names(server.pid());
    if (o.json) return check::report_json(f, names);
    return check::report_text(
        f, names, {.width = ::isatty(STDOUT_FILENO) == 1 ? columns(STDOUT_FILENO) : 120, .colour = o.colour});
}

std::string seconds(std::chrono::nanoseconds t) {
    return fmt::format("{:.1f} s", std::chrono::duration<double>(t).count());
}

// What can be said when nothing was found.
void print_passed(const check::search_options& o, const check::search_result& r) {
    for (const std::string& p : o.policies) fmt::print("policy {}: the program ends\n", p);
    if (o.mode == check::search_mode::jitter) {
        fmt::print("nothing found in {} run{} with random delays ({})\n", r.schedules,
                   r.schedules == 1 ? "" : "s", seconds(r.elapsed));
        for (const std::string& what : r.not_covered) fmt::print("not covered: {}\n", what);
        return;
    }
    fmt::print("nothing found in {} schedule{} ({}, {:.0f}/s; {} steps, up to {} threads)\n", r.schedules,
               r.schedules == 1 ? "" : "s", seconds(r.elapsed),
               static_cast<double>(r.schedules) / std::chrono::duration<double>(r.elapsed).count(), r.steps,
               r.most_threads);
    if (r.stopped > 0 && r.schedules == 0)
        fmt::print("the time was over before the first schedule was: give it more with --time\n");
    if (r.complete)
        fmt::print("complete: the program has no other schedules ({} run systematically)\n", r.systematic);
    else if (r.complete_to)
        fmt::print("no bug within {} preemption{}: {} schedules, complete\n", *r.complete_to,
                   *r.complete_to == 1 ? "" : "s", r.complete_in);
    if (r.most_threads <= 1) fmt::print("the program has only one thread: there was nothing to choose\n");
    for (const std::string& what : r.not_covered) fmt::print("not covered: {}\n", what);
}

void print_json(const check::search_result& r, const std::string& failure) {
    nlohmann::json j;
    j["schedules"] = r.schedules;
    j["stopped"] = r.stopped;
    j["steps"] = r.steps;
    j["threads"] = r.most_threads;
    j["seconds"] = std::chrono::duration<double>(r.elapsed).count();
    j["instrumented"] = r.instrumented;
    j["complete"] = r.complete;
    j["complete_to"] = r.complete_to ? nlohmann::json(*r.complete_to) : nlohmann::json();
    j["systematic"] = r.systematic;
    j["not_covered"] = r.not_covered;
    j["failure"] = failure.empty() ? nlohmann::json() : nlohmann::json::parse(failure);
    fmt::print("{}\n", j.dump(1));
}

// @return why it could not be written, or nothing. What was found is worth more than the file.
std::string write_replay(const check_options& o, finding& f, const schedule_server& server) {
    try {
        f.replay_file = replay_file_for(o);
        check::write_replay(f.replay_file, check::make_replay(f, server, o.command));
        return {};
    } catch (const heddle::error& e) {
        f.replay_file.clear();
        return e.what();
    }
}

int search(const check_options& o) {
    const check::target what = target_of(o, o.command);
    progress_bar bar(!o.json);
    check::search_options options = o.search;
    options.progress = [&](std::uint64_t done) {
        bar.show("schedules", done, o.search.schedules);
        return !interrupted();
    };
    std::string failure;
    std::string not_written;
    const check::search_result r =
        check::find_failure([&] { return std::make_unique<schedule_server>(what); }, options,
                            [&](finding& f, const schedule_server& server) {
                                if (o.search.mode != check::search_mode::jitter)
                                    not_written = write_replay(o, f, server);
                                failure = describe_failure(o, f, server);
                            });
    bar.show("schedules", r.schedules, r.schedules);
    if (r.interrupted && !r.found) throw interrupted_error();
    if (o.json) {
        print_json(r, failure);
    } else if (r.found) {
        fmt::print("{}", failure);
        for (const std::string& n : r.not_covered) fmt::print("not covered: {}\n", n);
    } else {
        print_passed(o.search, r);
    }
    if (!not_written.empty()) {
        std::fflush(stdout);
        std::fprintf(stderr, "heddle: %s\n", not_written.c_str());
    }
    return r.found ? 1 : 0;
}

int replay(const check_options& o) {
    const check::replay wanted = check::read_replay(o.replay);
    const std::vector<std::string>& command = o.command.empty() ? wanted.command : o.command;
    schedule_server server(target_of(o, command));
    server.heat(wanted.hot);
    if (wanted.expected_output) server.expect_output(*wanted.expected_output);
    check::orders asked = wanted.asked;
    if (o.search.baton) asked.flags |= check::order_baton;
    if (o.search.fork) asked.flags |= check::order_fork;
    finding f{.kind = {},
              .message = {},
              .schedule = 0,
              .found_by = o.replay,
              .shown = check::run_switches(server, asked, wanted.switches, o.search.patience)};
    f.kind = check::exact_kind(f.shown, check::classify(f.shown));
    f.replay_file = o.replay;
    f.preemptions = check::preemptions_of(f.shown);
    f.message = check::message_of(f.shown, f.kind);
    const bool rebuilt = check::hash_of_program(command.front()) != wanted.program_hash;
    const bool same = f.shown.outcome.hash == wanted.hash;
    if (f.kind != check::failure_kind::none) fmt::print("{}", describe_failure(o, f, server));
    if (o.json) return f.kind == check::failure_kind::none ? 0 : 1;
    if (command.front() != wanted.command.front())
        fmt::print("note: the schedule was recorded of {}, and this is {}\n", wanted.command.front(),
                   command.front());
    else if (rebuilt)
        fmt::print("note: the program has been built anew since the schedule was recorded\n");
    if (f.kind == check::failure_kind::none)
        fmt::print("it does not fail any more ({} when it was recorded)\n", wanted.message);
    else if (!same)
        fmt::print("note: it fails, but by another path than the recorded one\n");
    return f.kind == check::failure_kind::none ? 0 : 1;
}

}  // namespace

int run_check(const check_options& o) {
    watch_for_interrupts();
    // 1 says that the program failed: what kept it from being checked is another matter.
    try {
        return o.replay.empty() ? search(o) : replay(o);
    } catch (const heddle::error& e) {
        if (interrupted()) throw interrupted_error();
        throw usage_error(e.what());
    } catch (const std::system_error& e) {
        if (interrupted()) throw interrupted_error();
        throw usage_error(e.what());
    }
}

}  // namespace heddle::inline v0::cli
