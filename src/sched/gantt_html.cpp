// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <algorithm>
#include <nlohmann/json.hpp>

#include "report.hpp"

namespace heddle::inline v0::sched {

namespace {

using nlohmann::json;

constexpr const char* head = R"(<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>heddle sched</title><style>
:root{color-scheme:light dark;--fg:#1c2330;--dim:#5b6575;--bg:#fff;--card:#f5f6f8;--line:#d9dde3;--mark:#0b6e4f;--wait:#c6ccd6}
@media(prefers-color-scheme:dark){:root{--fg:#e6e9ef;--dim:#9aa4b2;--bg:#14181f;--card:#1c222b;--line:#323a46;--mark:#5fd0a5;--wait:#46505e}}
body{margin:0 auto;max-width:1240px;padding:24px;font:15px/1.5 system-ui,sans-serif;color:var(--fg);background:var(--bg)}
h1{font-size:22px;margin:0}h2{font-size:16px;margin:24px 0 6px}p{margin:6px 0}.dim{color:var(--dim)}
.scroll{overflow-x:auto}table{border-collapse:collapse;width:100%;font-size:13px;font-variant-numeric:tabular-nums}
th,td{padding:6px 8px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th{font-weight:600;color:var(--dim)}th:first-child,td:first-child{text-align:left}td.best{color:var(--mark);font-weight:600}
.chart{background:var(--card);border-radius:6px;padding:10px;margin:6px 0}canvas{display:block;width:100%;cursor:grab;touch-action:none}
#tip{position:fixed;pointer-events:none;background:var(--fg);color:var(--bg);padding:4px 8px;border-radius:4px;font-size:12px;display:none;z-index:9;white-space:pre}
button{font:inherit;font-size:13px;padding:2px 10px;border:1px solid var(--line);border-radius:4px;background:var(--card);color:var(--fg)}
</style></head><body>
)";

// All charts show the same stretch of time: what one is zoomed or moved to, all are. Times count from the
// first arrival: a script has no room for those of a clock.
constexpr const char* script = R"(
const css=n=>getComputedStyle(document.documentElement).getPropertyValue(n).trim(),tip=document.getElementById('tip');
const L=110,H=22,T=6,all=[data.begin,data.end];let view=[...all],byCpu=false;
const lasts=t=>data.unit=='ns'?+(Number(t)/1e6).toFixed(6)+' ms':t+(data.unit?' '+data.unit:'');
const origin=BigInt(data.origin),show=t=>lasts(origin+BigInt(Math.round(t)));
function step(span,room){const raw=span/Math.max(2,room/90),p=10**Math.floor(Math.log10(raw));for(const f of[1,2,5,10])if(p*f>=raw)return Math.max(data.unit=='ns'?1:1,p*f);return p*10}
function draw(){for(const r of data.runs){const c=r.canvas,g=c.getContext('2d'),d=devicePixelRatio||1,rows=byCpu?r.cpus:data.tasks.length;
 const w=c.clientWidth,h=T+rows*H+22;c.style.height=h+'px';c.width=w*d;c.height=h*d;g.setTransform(d,0,0,d,0,0);g.clearRect(0,0,w,h);
 const x=t=>L+(t-view[0])/(view[1]-view[0])*(w-L-14);r.x=x;g.font='12px system-ui,sans-serif';g.textBaseline='middle';
 g.strokeStyle=css('--line');g.fillStyle=css('--dim');g.textAlign='center';
 const s=step(view[1]-view[0],w-L);for(let t=Math.ceil(view[0]/s)*s,i=0;t<=view[1]&&i<200;t+=s,++i){g.beginPath();g.moveTo(x(t),T);g.lineTo(x(t),T+rows*H);g.stroke();const n=show(t);g.fillText(n,Math.min(x(t),w-2-g.measureText(n).width/2),T+rows*H+12)}
 g.save();g.beginPath();g.rect(L,0,w-L,T+rows*H);g.clip();
 if(!byCpu){g.fillStyle=css('--wait');for(const[k,a,b]of r.jobs)if(b>=view[0]&&a<=view[1])g.fillRect(x(a),T+k*H+H/2-2,Math.max(1,x(b)-x(a)),4);
  g.fillStyle=css('--bg');for(const[k,a,b]of r.io)if(b>=view[0]&&a<=view[1])g.fillRect(x(a),T+k*H+H/2-1,Math.max(0,x(b)-x(a)),2)}
 for(const[k,cpu,a,b]of r.segments){if(b<view[0]||a>view[1])continue;const y=T+(byCpu?cpu:k)*H+3,px=x(a),pw=Math.max(.7,x(b)-px);g.fillStyle=data.colours[k];g.fillRect(px,y,pw,H-6);
  const label=byCpu?data.tasks[k]:(r.cpus>1?'CPU '+cpu:'');if(label&&pw>g.measureText(label).width+6){g.fillStyle='#fff';g.textAlign='left';g.fillText(label,Math.max(px,L)+3,y+(H-6)/2+1)}}
 for(const[k,t]of r.misses)if(t>=view[0]&&t<=view[1]&&!byCpu){g.fillStyle='#c0392b';g.beginPath();g.moveTo(x(t),T+k*H+2);g.lineTo(x(t)-5,T+k*H-4);g.lineTo(x(t)+5,T+k*H-4);g.fill();g.fillRect(x(t)-.7,T+k*H,1.4,H)}
 g.restore();g.fillStyle=css('--fg');g.textAlign='right';for(let i=0;i<rows;i++){let n=byCpu?'CPU '+i:data.tasks[i];while(n.length>2&&g.measureText(n).width>L-12)n=n.slice(0,-2)+'…';g.fillText(n,L-8,T+i*H+H/2)}}}
function zoom(at,f){const a=view[0],b=view[1],least=Math.max((all[1]-all[0])/1e6,2);let n=Math.max(least,Math.min(all[1]-all[0],(b-a)*f)),lo=at-(at-a)*n/(b-a);
 lo=Math.max(all[0],Math.min(all[1]-n,lo));view=[lo,lo+n];draw()}
function pan(dt){const n=view[1]-view[0],lo=Math.max(all[0],Math.min(all[1]-n,view[0]+dt));view=[lo,lo+n];draw()}
for(const r of data.runs){const c=r.canvas=document.getElementById(r.id);let drag=null;const at=e=>{const b=c.getBoundingClientRect();return[e.clientX-b.left,e.clientY-b.top]};
 const time=px=>view[0]+(px-L)/(c.clientWidth-L-14)*(view[1]-view[0]);
 c.addEventListener('wheel',e=>{e.preventDefault();zoom(time(at(e)[0]),e.deltaY>0?1.25:.8)},{passive:false});
 c.addEventListener('pointerdown',e=>{drag=e.clientX;c.setPointerCapture(e.pointerId)});c.addEventListener('pointerup',()=>drag=null);
 c.addEventListener('dblclick',()=>{view=[...all];draw()});c.addEventListener('pointerleave',()=>tip.style.display='none');
 c.addEventListener('pointermove',e=>{const[px,py]=at(e);if(drag!==null){pan((drag-e.clientX)/(c.clientWidth-L-14)*(view[1]-view[0]));drag=e.clientX;return}
  const row=Math.floor((py-T)/H),t=time(px);let found=r.segments.find(([k,cpu,a,b])=>(byCpu?cpu:k)==row&&t>=a&&t<b),text='';
  if(found)text=data.tasks[found[0]]+' on CPU '+found[1]+'\n'+show(found[2])+' – '+show(found[3])+' ('+lasts(found[3]-found[2])+')';
  else if(!byCpu&&row>=0&&row<data.tasks.length){if(r.io.some(([k,a,b])=>k==row&&t>=a&&t<b))text=data.tasks[row]+' waits for a device';else if(r.jobs.some(([k,a,b])=>k==row&&t>=a&&t<b))text=data.tasks[row]+' is ready and waits'}
  tip.style.display=text?'block':'none';tip.textContent=text;tip.style.left=Math.min(e.clientX+12,innerWidth-220)+'px';tip.style.top=(e.clientY+14)+'px'})}
document.getElementById('cpu').onclick=e=>{byCpu=!byCpu;e.target.textContent=byCpu?'show by task':'show by CPU';draw()};
document.getElementById('reset').onclick=()=>{view=[...all];draw()};addEventListener('resize',draw);matchMedia('(prefers-color-scheme:dark)').addEventListener('change',draw);draw();
)";

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
        d["tasks"].push_back(w.tasks[i].name);
        d["colours"].push_back(colour_of(i));
    }
    time end = begin;
    d["runs"] = json::array();
    for (std::size_t n = 0; n < runs.size(); ++n) {
        const simulation& s = runs[n].run;
        end = std::max(end, s.end);
        json r{{"id", fmt::format("c{}", n)}, {"cpus", s.cpus}};
        for (const char* const list : {"segments", "jobs", "io", "misses"}) r[list] = json::array();
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
            if (j.task < tasks)
                draw("jobs", {j.task, count(j.arrival), count(j.finished() ? j.finish : s.end)});
        for (const event& e : s.events) {
            if (e.task >= tasks) continue;
            if (e.kind == event_kind::waits) draw("io", {e.task, count(e.at), count(e.at) + e.other});
            if (e.kind == event_kind::misses) draw("misses", {e.task, count(e.at)});
        }
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

std::string gantt_html(const workload& w, const std::vector<policy_run>& runs, const std::string& title) {
    std::string page = head;
    page += fmt::format("<h1>heddle sched</h1><p class=\"dim\">{}; {} tasks, {} CPU{}</p>\n", escaped(title),
                        w.tasks.size(), runs.empty() ? 0 : runs.front().run.cpus,
                        runs.empty() || runs.front().run.cpus == 1 ? "" : "s");
    page += "<div class=\"scroll\"><table><tr><th>policy</th>";
    for (const figure& f : figures()) page += fmt::format("<th>{}</th>", f.name);
    page += "</tr>\n";
    for (std::size_t i = 0; i < runs.size(); ++i) {
        page += "<tr><td>" + escaped(runs[i].policy) + "</td>";
        for (const figure& f : figures())
            page += fmt::format("<td{}>{}</td>", best_by(f, runs)[i] ? " class=\"best\"" : "",
                                show(f, runs[i].numbers, w.unit));
        page += "</tr>\n";
    }
    page +=
        "</table></div>\n<p class=\"dim\">Bars run, grey lines wait to run, thin lines wait for a device, "
        "red marks are missed deadlines. "
        "Wheel: zoom; drag: move; double click: everything. <button id=\"cpu\">show by CPU</button> <button "
        "id=\"reset\">everything</button></p>\n";
    std::vector<std::size_t> not_drawn;
    const std::string data = for_script(data_of(w, runs, not_drawn));
    for (std::size_t i = 0; i < runs.size(); ++i) {
        page += fmt::format("<h2>{}</h2><div class=\"chart\"><canvas id=\"c{}\"></canvas></div>\n",
                            escaped(runs[i].policy), i);
        if (not_drawn[i] > 0)
            page += fmt::format("<p class=\"dim\">{} more bars, lines and marks are not drawn.</p>\n",
                                not_drawn[i]);
    }
    page += "<div id=\"tip\"></div>\n";
    if (w.tasks.size() > most_tasks)
        page += fmt::format("<p class=\"dim\">Only the first {} tasks are drawn.</p>\n", most_tasks);
    for (const std::string& note : w.notes) page += "<p class=\"dim\">" + escaped(note) + "</p>\n";
    return page + "<script>const data=" + data + ";" + script + "</script></body></html>\n";
}

}  // namespace heddle::inline v0::sched
