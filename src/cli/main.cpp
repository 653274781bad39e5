// SPDX-License-Identifier: BSL-1.0
// The command: which verb, and the exit codes 0 (fine), 1 (a run failed, a bug was found), 2 (asked for
// something impossible) and 130 (interrupted).
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <heddle/rt/version.hpp>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "compare/interrupt.hpp"
#include "usage_error.hpp"
#include "verbs.hpp"

namespace {

using namespace heddle::cli;

int fail(int code, const std::string& what) {
    std::fprintf(stderr, "heddle: %s\n", what.c_str());
    return code;
}

// The arguments, last first, without a "--" between the options of a verb that runs a program and the
// program: CLI11 would take the program for an argument of ours. One after the program's name is the
// program's.
std::vector<std::string> arguments_of(int argc, char** argv, const CLI::App& app) {
    std::vector<std::string> a(argv + 1, argv + argc);
    const auto wanted = [&](const CLI::App* verb) {
        return !a.empty() && verb->get_name() == a[0] && verb->get_prefix_command();
    };
    for (const CLI::App* const verb : app.get_subcommands(wanted))
        for (std::size_t i = 1; i < a.size() && a[i].starts_with("-"); ++i) {
            if (a[i] == "--") {
                a.erase(a.begin() + static_cast<std::ptrdiff_t>(i));
                break;
            }
            const CLI::Option* const o = verb->get_option_no_throw(a[i]);
            if (o != nullptr && o->get_items_expected_min() > 0) ++i;
        }
    std::reverse(a.begin(), a.end());
    return a;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view wanted = argc > 1 ? argv[1] : "";
    if (wanted == "c++" || wanted == "cc") return run_compiler(argc - 1, argv + 1);

    CLI::App app{"threads, processes and coroutines under one model", "heddle"};
    app.set_version_flag("--version", heddle::version());
    app.require_subcommand(1);
    const std::map<std::string, std::function<int()>, std::less<>> verbs{
        {"compare", add_compare(app)}, {"check", add_check(app)}, {"sched", add_sched(app)}};
    const bool is_verb = verbs.find(wanted) != verbs.end();
    app.failure_message([&](const CLI::App*, const CLI::Error& e) {
        return std::string("heddle: ") + e.what() + "; see heddle " +
               (is_verb ? std::string(wanted) + " " : "") + "--help\n";
    });
    app.footer("heddle c++ and heddle cc compile as c++ and cc do, for heddle check.");
    if (!wanted.empty() && wanted[0] != '-' && !is_verb)
        return fail(2, "unknown command '" + std::string(wanted) +
                           "'; there are compare, check, sched, c++ and cc; see heddle --help");
    try {
        app.parse(arguments_of(argc, argv, app));
    } catch (const CLI::ParseError& e) {
        const int code = app.exit(e);
        return code == 0 ? 0 : 2;
    }
    try {
        return verbs.at(app.get_subcommands().front()->get_name())();
    } catch (const usage_error& e) {
        return fail(2, e.what());
    } catch (const interrupted_error& e) {
        return fail(130, e.what());
    } catch (const std::exception& e) {
        return fail(1, e.what());
    }
}
