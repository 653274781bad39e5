// SPDX-License-Identifier: BSL-1.0
// Reports for programs: JSON, CSV, and the trace that Chrome and Perfetto show.
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "report.hpp"

namespace heddle::inline v0::sched {

namespace {

using nlohmann::ordered_json;

std::string dumped(const ordered_json& j) {
    return j.dump(1, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

const char* name_of(time_unit unit) {
    return unit == time_unit::nanoseconds ? "ns" : unit == time_unit::seconds ? "s" : "";
}

ordered_json of(const distribution& d) {
    if (d.count == 0) {  // of no job these are not numbers
        ordered_json none;
        for (const char* const key : {"mean", "p50", "p90", "p95", "p99", "min", "max"}) none[key] = nullptr;
        return none;
    }
    return {{"mean", d.mean},       {"p50", d.p50.count()},   {"p90", d.p90.count()}, {"p95", d.p95.count()},
            {"p99", d.p99.count()}, {"min", d.least.count()}, {"max", d.most.count()}};
}

ordered_json of(const summary& s) {
    return {{"jobs", s.jobs},
            {"finished", s.finished},
            {"missed", s.missed},
            {"dropped", s.dropped},
            {"cpu", s.cpu.count()},
            {"io", s.io.count()},
            {"turnaround", of(s.turnaround)},
            {"waiting", of(s.waiting)},
            {"response", of(s.response)},
            {"slowdown", s.finished > 0 ? ordered_json(s.slowdown) : ordered_json()}};
}

std::string quoted_field(const std::string& text) {
    if (text.find_first_of(",\"\n\r") == std::string::npos) return text;
    std::string out = "\"";
    for (const char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
    return out + "\"";
}

std::string text_or_nothing(time t) {
    return t == time::max() ? "" : fmt::format("{}", t.time_since_epoch().count());
}

}  // namespace

std::string report_json(const workload& w, const std::vector<policy_run>& runs) {
    ordered_json all;
    all["unit"] = name_of(w.unit);
    all["tasks"] = w.tasks.size();
    all["notes"] = w.notes;
    all["policies"] = ordered_json::array();
    for (const policy_run& r : runs) {
        const statistics& s = r.numbers;
        ordered_json p{{"policy", r.policy},
                       {"cpus", r.run.cpus},
                       {"end", r.run.end.time_since_epoch().count()},
                       {"elapsed", s.elapsed.count()},
                       {"throughput", s.throughput},
                       {"utilisation", s.utilisation},
                       {"fairness", s.all.finished > 0 ? ordered_json(s.fairness) : ordered_json()},
                       {"switches", s.switches},
                       {"migrations", s.migrations},
                       {"overhead", s.overhead.count()},
                       {"events", r.run.event_count},
                       {"all", of(s.all)}};
        p["tasks"] = ordered_json::array();
        for (std::size_t i = 0; i < s.tasks.size(); ++i) {
            ordered_json t{{"name", w.tasks[i].name}};
            t.update(of(s.tasks[i]));
            p["tasks"].push_back(std::move(t));
        }
        p["best"] = ordered_json::array();
        for (const figure& f : figures())
            if (best_by(f, runs)[static_cast<std::size_t>(&r - runs.data())]) p["best"].push_back(f.name);
        constexpr std::size_t most = 100'000;
        p["segments"] = ordered_json::array();
        for (std::size_t i = 0; i < std::min(most, r.run.segments.size()); ++i) {
            const segment& g = r.run.segments[i];
            p["segments"].push_back({{"task", w.tasks[g.task].name},
                                     {"cpu", g.cpu},
                                     {"begin", g.begin.time_since_epoch().count()},
                                     {"end", g.end.time_since_epoch().count()}});
        }
        p["segments_left_out"] = r.run.segments.size() - std::min(most, r.run.segments.size());
        p["deadlock"] = r.run.stuck;
        all["policies"].push_back(std::move(p));
    }
    return dumped(all);
}

std::string report_csv(const workload& w, const std::vector<policy_run>& runs) {
    std::string text =
        "policy,task,job,arrival,first_run,finish,turnaround,waiting,response,cpu,io,blocked,deadline,"
        "missed\n";
    for (const policy_run& r : runs)
        for (const job_result& j : r.run.jobs)
            text += fmt::format(
                "{},{},{},{},{},{},{},{},{},{},{},{},{},{}\n", quoted_field(r.policy),
                quoted_field(w.tasks[j.task].name), j.number, j.arrival.time_since_epoch().count(),
                text_or_nothing(j.first_run), text_or_nothing(j.finish),
                j.finished() ? fmt::format("{}", j.turnaround().count()) : "",
                (j.waiting + j.blocked).count(), j.started() ? fmt::format("{}", j.response().count()) : "",
                j.cpu.count(), j.io.count(), j.blocked.count(), text_or_nothing(j.deadline),
                j.missed ? 1 : 0);
    return text;
}

std::string chrome_trace(const workload& w, const std::vector<policy_run>& runs) {
    // Its times are microseconds; a unit that nobody has named is shown as one.
    const double scale = w.unit == time_unit::nanoseconds ? 1e-3 : w.unit == time_unit::seconds ? 1e6 : 1;
    const auto us = [&](std::int64_t t) { return static_cast<double>(t) * scale; };
    ordered_json events = ordered_json::array();
    for (std::size_t p = 0; p < runs.size(); ++p) {
        events.push_back(
            {{"ph", "M"}, {"name", "process_name"}, {"pid", p + 1}, {"args", {{"name", runs[p].policy}}}});
        for (int cpu = 0; cpu < runs[p].run.cpus; ++cpu)
            events.push_back({{"ph", "M"},
                              {"name", "thread_name"},
                              {"pid", p + 1},
                              {"tid", cpu + 1},
                              {"args", {{"name", fmt::format("CPU {}", cpu)}}}});
        for (const segment& g : runs[p].run.segments)
            events.push_back({{"ph", "X"},
                              {"name", w.tasks[g.task].name},
                              {"pid", p + 1},
                              {"tid", g.cpu + 1},
                              {"ts", us(g.begin.time_since_epoch().count())},
                              {"dur", us((g.end - g.begin).count())}});
        for (const event& e : runs[p].run.events)
            if (e.kind == event_kind::misses)
                events.push_back({{"ph", "i"},
                                  {"s", "p"},
                                  {"name", w.tasks[e.task].name + " misses its deadline"},
                                  {"pid", p + 1},
                                  {"tid", 1},
                                  {"ts", us(e.at.time_since_epoch().count())}});
    }
    return ordered_json{{"traceEvents", events}}.dump(-1, ' ', false,
                                                      ordered_json::error_handler_t::replace) +
           "\n";
}

}  // namespace heddle::inline v0::sched
