// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

#include "gantt_page.hpp"
#include "report.hpp"

namespace heddle::inline v0::sched {

namespace {

using nlohmann::json;

constexpr std::size_t most_tasks = 200;
constexpr std::size_t most_of_each = 50'000;  // of one policy: bars, jobs, waits, marks

json data_of(const workload& w, const std::vector<policy_run>& runs, std::vector<std::size_t>& not_drawn) {
    time begin = runs.empty() ? time{} : time::max();
    for (const policy_run& r : runs) begin = std::min(begin, r.run.begin);
    const auto count = [&](time t) { return (t - begin).count(); };
    json d;
    d["unit"] = w.unit == time_unit::nanoseconds ? "ns" : w.unit == time_unit::seconds ? "s" : "";
    d["tasks"] = json::array();
    d["colours"] = json::array();
    const std::size_t tasks = std::min(most_tasks, w.tasks.size());
    for (std::size_t i = 0; i < tasks; ++i) {
        d["tasks"].push_back(printable(w.tasks[i].name));
        d["colours"].push_back(colour_of(i));
    }
    time end = begin;
    d["runs"] = json::array();
    for (std::size_t n = 0; n < runs.size(); ++n) {
        const simulation& s = runs[n].run;
        end = std::max(end, s.end);
        json r{{"id", fmt::format("c{}", n)}, {"cpus", s.cpus}};
        for (const char* const list : {"segments", "jobs", "io", "locks", "misses"}) r[list] = json::array();
        std::size_t left_out = 0;
        const auto draw = [&](const char* list, json what) {
            if (r[list].size() < most_of_each)
                r[list].push_back(std::move(what));
            else
                ++left_out;
        };
        for (const segment& g : s.segments)
            if (g.task < tasks) draw("segments", {g.task, g.cpu, count(g.begin), count(g.end)});
        for (const job_result& j : s.jobs)
            if (j.task < tasks) draw("jobs", {j.task, count(j.arrival), count(end_of(j, s))});
        std::map<std::uint32_t, event> wants;  // locks
        const auto waited = [&](const event& since, time until) {
            if (until > since.at)
                draw("locks", {since.task, count(since.at), count(until),
                               printable(w.locks[static_cast<std::size_t>(since.other)])});
        };
        for (const event& e : s.events) {
            if (e.task >= tasks) continue;
            if (e.kind == event_kind::waits) draw("io", {e.task, count(e.at), count(e.at) + e.other});
            if (e.kind == event_kind::misses) draw("misses", {e.task, count(e.at)});
            if (e.kind == event_kind::wants_lock) wants[e.task] = e;
            if (e.kind == event_kind::gets_lock || e.kind == event_kind::dropped)
                if (const auto since = wants.extract(e.task)) waited(since.mapped(), e.at);
        }
        for (const auto& [task, since] : wants) waited(since, s.end);
        not_drawn.push_back(left_out);
        d["runs"].push_back(std::move(r));
    }
    d["origin"] = fmt::format("{}", begin.time_since_epoch().count());
    d["begin"] = 0;
    d["end"] = std::max<std::int64_t>(count(end), 1);
    return d;
}

// Inside <script>: nothing in the data may end it, or make it a comment.
std::string for_script(const json& j) {
    const std::string text = j.dump(-1, ' ', true, json::error_handler_t::replace);
    std::string out;
    for (const char c : text) out += c == '<' ? std::string("\\u003c") : std::string(1, c);
    return out;
}

}  // namespace

std::string gantt_html(const workload& w, const std::vector<policy_run>& runs, const std::string& title,
                       bool marked) {
    std::string page = page_head;
    page += fmt::format("<h1>heddle sched</h1><p class=\"dim\">{}; {} tasks, {} CPU{}</p>\n", escaped(title),
                        w.tasks.size(), runs.empty() ? 0 : runs.front().run.cpus,
                        runs.empty() || runs.front().run.cpus == 1 ? "" : "s");
    page += "<div class=\"scroll\"><table><tr><th>policy</th>";
    for (const figure& f : figures()) page += fmt::format("<th>{}</th>", f.name);
    page += "</tr>\n";
    for (std::size_t i = 0; i < runs.size(); ++i) {
        page += "<tr><td>" + escaped(runs[i].policy) + "</td>";
        for (const figure& f : figures())
            page += fmt::format("<td{}>{}</td>", marked && best_by(f, runs)[i] ? " class=\"best\"" : "",
                                show(f, runs[i].numbers, w.unit));
        page += "</tr>\n";
    }
    page += "</table></div>\n";
    for (const policy_run& r : runs)
        for (const std::string& why : r.run.stuck)
            page += "<p class=\"bad\">" + escaped(r.policy) + ": deadlock: " + escaped(why) + "</p>\n";
    page +=
        "<p class=\"dim\">Bars run, grey lines wait to run, thin lines wait for a device, red marks are "
        "missed "
        "deadlines. <span class=\"screen\">Wheel, or + and -: zoom; drag, or arrow keys: move; double click, "
        "or 0: everything.</span></p>\n<div id=\"bar\"><button id=\"cpu\">show by CPU</button> <button "
        "id=\"in\" aria-label=\"zoom in\">+</button> <button id=\"out\" aria-label=\"zoom "
        "out\">\u2212</button> <button id=\"reset\">everything</button></div>\n";
    std::vector<std::size_t> not_drawn;
    const std::string data = for_script(data_of(w, runs, not_drawn));
    for (std::size_t i = 0; i < runs.size(); ++i) {
        page += fmt::format(
            "<section><h2>{0}</h2><div class=\"chart\"><canvas id=\"c{1}\" role=\"img\" "
            "aria-label=\"Gantt chart of {0}\"></canvas></div>\n",
            escaped(runs[i].policy), i);
        if (not_drawn[i] > 0)
            page += fmt::format("<p class=\"dim\">{} more bars, lines and marks are not drawn.</p>\n",
                                not_drawn[i]);
        page += "</section>\n";
    }
    page += "<div id=\"tip\"></div>\n";
    if (w.tasks.size() > most_tasks)
        page += fmt::format("<p class=\"dim\">Only the first {} tasks are drawn.</p>\n", most_tasks);
    for (const std::string& note : w.notes) page += "<p class=\"dim\">" + escaped(note) + "</p>\n";
    return page + "<script>const data=" + data + ";" + page_script + "</script></body></html>\n";
}

}  // namespace heddle::inline v0::sched
