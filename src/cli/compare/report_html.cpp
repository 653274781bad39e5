// SPDX-License-Identifier: BSL-1.0
#include "../chart_js.hpp"
#include "report.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>

namespace heddle::inline v0::cli {

namespace {

using nlohmann::json;

std::string escaped(const std::string& text) {
    std::string out;
    for (const char ch : text) {
        switch (ch) {
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '&':
                out += "&amp;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out += ch;
        }
    }
    return out;
}

// Inside <script>: nothing in the data may end it.
std::string for_script(const json& j) {
    std::string text = j.dump(-1, ' ', true, json::error_handler_t::replace);
    for (std::size_t at = 0; (at = text.find("</", at)) != std::string::npos; at += 3)
        text.replace(at, 2, "<\\/");
    return text;
}

constexpr const char* head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>heddle compare</title><style>
:root{color-scheme:light dark;--fg:#1c2330;--dim:#5b6575;--bg:#fff;--card:#f5f6f8;--line:#d9dde3;--mark:#0b6e4f}
@media(prefers-color-scheme:dark){:root{--fg:#e6e9ef;--dim:#9aa4b2;--bg:#14181f;--card:#1c222b;--line:#323a46;--mark:#5fd0a5}}
body{margin:0 auto;max-width:1160px;padding:24px;font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg)}
h1{font-size:22px;margin:0}h2{font-size:16px;margin:28px 0 8px}p{margin:6px 0}.dim{color:var(--dim)}
.verdict{border-left:4px solid var(--mark);background:var(--card);padding:12px 16px;margin:18px 0;border-radius:4px}
.verdict b{color:var(--mark)}.verdict ul{margin:6px 0 0;padding-left:20px}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:6px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:600;color:var(--dim)}th:first-child,td:first-child{text-align:left}tr.best td:first-child{color:var(--mark);font-weight:600}
.charts{display:grid;grid-template-columns:repeat(auto-fit,minmax(440px,1fr));gap:16px}
.chart{background:var(--card);border-radius:6px;padding:12px;position:relative;height:280px}.wide{grid-column:1/-1;height:auto}
.chart canvas{max-width:100%}ul.plain{padding-left:20px}
</style></head><body>
)";

// Draws everything from `data`. Colours follow the page's, light or dark.
constexpr const char* script = R"(
const css=n=>getComputedStyle(document.documentElement).getPropertyValue(n).trim();
Chart.defaults.color=css('--dim');Chart.defaults.borderColor=css('--line');Chart.defaults.animation=false;
Chart.defaults.font.family='system-ui,sans-serif';Chart.defaults.maintainAspectRatio=false;
const colours={sequential:'#6b7a90',coroutines:'#2a9d8f',threads:'#3a6ea5',processes:'#d9822b'};
const names=data.models.map(m=>m.name),own=data.models.map(m=>colours[m.name]);
const title=t=>({display:true,text:t,align:'start',font:{size:13,weight:'600'}});
const bars=(id,text,values,unit,extra)=>new Chart(id,{type:'bar',data:{labels:names,datasets:[{data:values,backgroundColor:own}]},
 options:{plugins:{legend:{display:false},title:title(text)},scales:{y:{beginAtZero:true,title:{display:true,text:unit}}}},plugins:extra||[]});
const whiskers={id:'whiskers',afterDatasetsDraw(c){const g=c.ctx,y=c.scales.y;g.save();g.strokeStyle=css('--fg');g.lineWidth=1.5;
 c.getDatasetMeta(0).data.forEach((bar,i)=>{const m=data.models[i],a=y.getPixelForValue(m.min),b=y.getPixelForValue(m.max);
 g.beginPath();g.moveTo(bar.x,a);g.lineTo(bar.x,b);g.moveTo(bar.x-6,a);g.lineTo(bar.x+6,a);g.moveTo(bar.x-6,b);g.lineTo(bar.x+6,b);g.stroke();});g.restore();}};
bars('wall','Wall time, median and range',data.models.map(m=>m.median),'ms',[whiskers]);
bars('speed','Speed-up over sequential',data.models.map(m=>m.speed),'times');
bars('memory','Peak memory of all processes together',data.models.map(m=>m.memory),'MB');
new Chart('latency',{type:'bar',data:{labels:names,datasets:['p50','p95','p99'].map((p,i)=>({label:p,data:data.models.map(m=>m[p]),
 backgroundColor:['#9ec5e8','#5b93c7','#2c5f93'][i]}))},options:{plugins:{title:title('Latency per item')},
 scales:{y:{type:'logarithmic',title:{display:true,text:'ms (logarithmic)'}}}}});
const rows=data.timeline,labels=rows.map(r=>r.label),box=document.getElementById('time').parentElement;
box.style.height=(70+rows.length*18)+'px';
new Chart('time',{type:'bar',data:{labels,datasets:[{data:rows.flatMap((r,i)=>r.spans.map(s=>({x:s,y:r.label}))),
 backgroundColor:rows.flatMap(r=>r.spans.map((s,i)=>colours[r.model]+(i%2?'':'b0'))),barPercentage:.9,categoryPercentage:.9,borderSkipped:false,grouped:false}]},
 options:{indexAxis:'y',plugins:{legend:{display:false},title:title('Who ran what when (first run of each model)')},
 scales:{x:{min:0,title:{display:true,text:'ms'}},y:{ticks:{autoSkip:false,font:{size:10}}}}}});
)";

constexpr std::size_t most_strands = 12;    // of one model's strands
constexpr std::size_t most_spans = 400;  // in one row; more would be a solid bar

json timeline_of(const comparison& c) {
    json rows = json::array();
    for (const auto& m : c.models) {
        if (!m.ok()) continue;
        const auto strands = strands_of(m);
        for (std::size_t i = 0; i < std::min(strands.size(), most_strands); ++i) {
            json spans = json::array();
            const std::size_t step = strands[i].size() / most_spans + 1;
            for (std::size_t k = 0; k < strands[i].size(); k += step) {
                const span& first = strands[i][k];
                const span& last = strands[i][std::min(k + step, strands[i].size()) - 1];
                const auto ms = [&](std::int64_t t) {
                    return static_cast<double>(t - m.runs.front().began) * 1e-6;
                };
                spans.push_back({ms(first.start), ms(last.end)});
            }
            const std::string more = i + 1 == most_strands && strands.size() > most_strands
                                         ? fmt::format(" (and {} more)", strands.size() - most_strands)
                                         : "";
            rows.push_back({{"label", fmt::format("{} {}{}", name_of(m.which), i + 1, more)},
                            {"model", name_of(m.which)},
                            {"spans", spans}});
        }
    }
    return rows;
}

std::string table_of(const comparison& c, const std::optional<verdict>& v) {
    std::string t =
        "<div class=\"scroll\"><table><tr><th>model</th><th>at once</th><th>wall, "
        "median</th><th>range</th><th>speed-up</th>"
        "<th>throughput</th><th>p50</th><th>p95</th><th>p99</th><th>CPU</th><th>memory</th><th>switches "
        "vol.</th>"
        "<th>invol.</th></tr>\n";
    for (const auto& m : c.models) {
        if (!m.ok()) {
            t += fmt::format("<tr><td>{}</td><td colspan=\"12\">failed: {}</td></tr>\n", name_of(m.which),
                             escaped(m.failures.empty() ? "" : m.failures.front()));
            continue;
        }
        t += fmt::format(
            "<tr{}><td>{}</td><td>{}</td><td>{}</td><td>{} – {}</td><td>{}</td><td>{:.4g} "
            "{}/s</td><td>{}</td><td>{}</td>"
            "<td>{}</td><td>{}</td><td>{:.1f} MB</td><td>{:.0f}</td><td>{:.0f}</td></tr>\n",
            v && v->use == m.which ? " class=\"best\"" : "", name_of(m.which), m.workers,
            duration_text(m.wall.median), duration_text(m.wall.min), duration_text(m.wall.max),
            m.speed_up > 0 ? fmt::format("{:.2f}x", m.speed_up) : "–", m.throughput, c.unit,
            duration_text(m.p50), duration_text(m.p95), duration_text(m.p99), duration_text(m.cpu),
            m.memory / 1e6, m.voluntary, m.involuntary);
    }
    return t + "</table></div>\n";
}

std::string costs_of(const calibration& costs) {
    std::string t =
        "<h2>What a strand costs on this machine</h2><div "
        "class=\"scroll\"><table><tr><th></th><th>create</th><th>switch</th>"
        "<th>memory</th></tr>\n";
    for (const auto& s : costs.strands)
        t += fmt::format("<tr><td>{}</td><td>{}</td><td>{}</td><td>{:.1f} KB</td></tr>\n", s.name,
                         duration_text(s.create.median), duration_text(s.change.median), s.memory / 1e3);
    return t + "</table></div>\n";
}

}  // namespace

std::string html_report(const comparison& c, const std::optional<verdict>& v,
                        const std::optional<calibration>& costs) {
    std::string page = head;
    page +=
        fmt::format("<h1>heddle compare</h1><p class=\"dim\">{}; {} CPUs</p>\n", escaped(c.title), c.cpus);
    if (v) {
        page += fmt::format("<div class=\"verdict\"><b>{}</b>\n<ul>", escaped(v->sentence));
        for (const auto& r : v->reasons) page += "<li>" + escaped(r) + "</li>";
        page += "</ul></div>\n";
    }
    page += table_of(c, v);
    if (const auto* r = c.any_run())
        for (const auto& line : r->summary) page += "<p class=\"dim\">" + escaped(line) + "</p>\n";
    if (!c.same_answer) page += "<p><b>The models do not give the same answer.</b></p>\n";
    page += "<h2>Charts</h2><div class=\"charts\">";
    for (const char* id : {"wall", "speed", "latency", "memory"})
        page += fmt::format("<div class=\"chart\"><canvas id=\"{}\"></canvas></div>", id);
    page += "<div class=\"chart wide\"><canvas id=\"time\"></canvas></div></div>\n";
    if (costs) page += costs_of(*costs);
    if (!c.problems.empty() || !c.notes.empty()) {
        page += "<h2>Remarks</h2><ul class=\"plain\">";
        for (const auto* list : {&c.problems, &c.notes})
            for (std::size_t i = 0; i < std::min<std::size_t>(list->size(), 50); ++i)
                page += "<li>" + escaped((*list)[i]) + "</li>";
        page += "</ul>\n";
    }

    json data;
    data["models"] = json::array();
    for (const auto& m : c.models) {
        if (!m.ok()) continue;
        data["models"].push_back({{"name", name_of(m.which)},
                                  {"median", m.wall.median * 1e3},
                                  {"min", m.wall.min * 1e3},
                                  {"max", m.wall.max * 1e3},
                                  {"speed", m.speed_up},
                                  {"memory", m.memory / 1e6},
                                  {"p50", m.p50 * 1e3},
                                  {"p95", m.p95 * 1e3},
                                  {"p99", m.p99 * 1e3}});
    }
    data["timeline"] = timeline_of(c);
    page += "<script>";
    page += chart_js;
    page += "</script>\n<script>const data=" + for_script(data) + ";" + script + "</script></body></html>\n";
    return page;
}

}  // namespace heddle::inline v0::cli
