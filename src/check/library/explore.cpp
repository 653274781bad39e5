// SPDX-License-Identifier: BSL-1.0
#include <check/explore/demangle.hpp>
#include <check/explore/report_json.hpp>
#include <check/explore/report_text.hpp>
#include <check/explore/search.hpp>
#include <check/runtime/entry_library.hpp>
#include <exception>
#include <heddle/check/explore.hpp>
#include <heddle/rt/error.hpp>
#include <memory>
#include <stdexcept>
#include <string>
#include <typeinfo>

namespace heddle::inline v0::check {

namespace {

search_mode mode_of(strategy s) {
    switch (s) {
        case strategy::random_walk:
            return search_mode::random_walk;
        case strategy::pct:
            return search_mode::pct;
        case strategy::pos:
            return search_mode::pos;
        case strategy::surw:
            return search_mode::surw;
        case strategy::bounded:
            return search_mode::bounded;
        case strategy::dfs:
            return search_mode::dfs;
        case strategy::rotate:
            break;
    }
    return search_mode::rotate;
}

search_options search_of(const options& how) {
    search_options o;
    o.schedules = how.schedules;
    o.time = how.time;
    o.mode = mode_of(how.how);
    o.depth = how.depth;
    o.seed = how.seed;
    o.where = how.where;
    o.max_steps = how.max_steps;
    o.cpus = how.cpus;
    o.find_races = how.find_races;
    o.threads_left_fail = how.threads_left_fail;
    o.minimise = how.minimise;
    return o;
}

// In the forked copy, as the main thread of a schedule.
[[noreturn]] void run(const std::function<void()>& body) {
    try {
        body();
    } catch (const std::exception& e) {
        heddle_check_fail(verdict::uncaught, (demangle(typeid(e).name()) + ": " + e.what()).c_str());
    } catch (...) {
        heddle_check_fail(verdict::uncaught, "an exception that is no std::exception");
    }
    heddle_check_end();
}

}  // namespace

report explore(const std::function<void()>& body, const options& how) {
    if (active()) throw invalid_state("explore() within a function that is explored");
    if (how.schedules == 0) throw std::invalid_argument("explore() of 0 schedules");
    if (how.cpus.least == 0 || how.cpus.most < how.cpus.least)
        throw std::invalid_argument("explore() with from " + std::to_string(how.cpus.least) + " to " +
                                    std::to_string(how.cpus.most) + " CPUs");
    const auto make = [&] {
        return std::make_unique<schedule_server>([&](int socket, channel& shared) {
            heddle_check_serve(socket, &shared);
            run(body);
        });
    };
    report r;
    const search_result result =
        find_failure(make, search_of(how), [&](finding& f, const schedule_server& server) {
            const symbols names(server.pid());
            r.found = failure{.kind = name_of(f.kind),
                              .message = f.message,
                              .preemptions = f.preemptions,
                              .schedule = f.schedule,
                              .text = report_text(f, names, {.width = 120, .colour = false}),
                              .json = report_json(f, names)};
        });
    r.schedules = result.schedules;
    r.steps = result.steps;
    r.elapsed = result.elapsed;
    r.complete = result.complete;
    r.bound = result.complete_to;
    r.not_covered = result.not_covered;
    return r;
}

std::string report::text() const {
    if (found) return found->text;
    std::string text = "nothing found in " + std::to_string(schedules) + " schedules";
    if (complete)
        text += ", and there are no others";
    else if (bound)
        text += "; all with at most " + std::to_string(*bound) + " preemptions were run";
    for (const std::string& what : not_covered) text += "\nnot covered: " + what;
    return text + "\n";
}

std::ostream& operator<<(std::ostream& out, const report& r) {
    return out << r.text();
}

}  // namespace heddle::inline v0::check
