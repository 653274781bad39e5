// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <sched/read.hpp>
#include <sched/report.hpp>
#include <sched/textbook.hpp>
#include "runs.hpp"

using namespace sched_tests;
using heddle::sched::policy_run;

namespace {

std::vector<policy_run> run_all(const workload& w, const std::vector<std::string>& policies) {
    std::vector<policy_run> all;
    for (const std::string& p : policies) {
        all.push_back({p, simulate(w, make_policy(p)), {}});
        all.back().numbers = summarise(w, all.back().run);
    }
    return all;
}

}  // namespace

TEST(report, the_best_of_each_figure_is_marked) {
    const auto text = table_text(convoy, run_all(convoy, {"fcfs", "sjf"}));
    EXPECT_TRUE(contains(text, " 13*")) << text;
    EXPECT_TRUE(contains(text, " 27 ")) << text;
    EXPECT_FALSE(contains(text, "27*")) << text;
}

TEST(report, what_is_measured_is_no_better_than_what_is_predicted) {
    const auto runs = run_all(convoy, {"fcfs", "sjf"});
    EXPECT_TRUE(contains(gantt_html(convoy, runs, ""), "<td class=\"best\">"));
    EXPECT_FALSE(contains(gantt_html(convoy, runs, "", false), "<td class=\"best\">"));
}

TEST(report, one_policy_is_shown_task_by_task) {
    const auto text = table_text(convoy, run_all(convoy, {"fcfs"}));
    EXPECT_TRUE(contains(text, "P2          0    3      27          27       24        24")) << text;
}

TEST(report, an_explanation_tells_what_happens) {
    const auto text = explanation(convoy, run_all(convoy, {"rr 4"}).front());
    EXPECT_TRUE(contains(text, "at t=0 P1 begins; ready: P2, P3\n")) << text;
    EXPECT_TRUE(contains(text, "at t=4 P1's quantum ends; ready: P1, P2, P3\n")) << text;
    EXPECT_TRUE(contains(text, "at t=30 P1 is done\n")) << text;
}

TEST(report, an_explanation_says_why) {
    const auto told = [](const char* text, const char* policy, const simulation_options& given = {}) {
        const auto w = heddle::sched::read_text(text, "test");
        simulation_options o = given;
        o.reasons = true;
        return explanation(w, {policy, simulate(w, make_policy(policy), o), {}});
    };
    const auto expect = [](const std::string& text, const char* part) {
        EXPECT_TRUE(contains(text, part)) << text;
    };
    const char* const three = "A 0 5 1 deadline=30 tickets=100\nB 0 3 2 deadline=20 tickets=200\nC 2 1 3\n";
    expect(told(three, "fcfs"), "at t=5 B begins: ready for longest, since 0; ready: C\n");
    expect(told(three, "sjf"), "at t=0 B begins: the shortest, 3; ready: A\n");
    expect(told(three, "srtf"), "at t=0 B begins: the least left to do, 3; ready: A\n");
    expect(told(three, "priority"), "at t=0 B begins: the highest priority, 2; ready: A\n");
    expect(told(three, "edf"), "at t=0 B begins: the earliest deadline, 20; ready: A\n");
    expect(told(three, "stride 1"), "at t=1 B begins: the smallest pass, 0; ready: A\n");
    expect(told(three, "mlfq 2"), "at t=2 B begins: the highest level with somebody on it, 0; ready: A, C\n");
    expect(told(three, "fair 1"), "the earliest virtual deadline of those that are not ahead of their share");
    expect(told(three, "linux"), "begins");
    // Nothing had to be decided.
    expect(told(three, "rr 2"), "A goes on; nobody else is ready\n");
}

TEST(report, an_explanation_tells_of_locks) {
    const auto w = heddle::sched::read_text(
        "L 0 lock m run 3 unlock m priority=1\nH 1 lock m run 1 unlock m priority=2\n", "test");
    const auto text =
        explanation(w, {"", simulate(w, make_policy("priority preemptive"), {.inheritance = true}), {}});
    EXPECT_TRUE(contains(text,
                         "at t=1 H waits for the lock m, which L has\n"
                         "at t=1 L has the priority 2 now\n"
                         "at t=1 L goes on; nobody else is ready\n"))
        << text;
    EXPECT_TRUE(contains(text, "at t=3 H has the lock m\n")) << text;
}

TEST(report, an_explanation_says_why_a_slice_is_over) {
    const auto w = heddle::sched::read_text("A 0 30\nB 0 3\n", "test");
    const auto told = [&](const char* policy) {
        return explanation(w, {policy, simulate(w, make_policy(policy), {.reasons = true}), {}});
    };
    const auto boost = told("mlfq:4:boost=10");
    EXPECT_TRUE(contains(boost, "at t=4 A's quantum ends; ready")) << boost;
    EXPECT_TRUE(contains(boost, "at t=10 A has to stop: everybody goes to the top level; ready: A\n"))
        << boost;
    const auto allotment = told("mlfq:4:allot=6");
    EXPECT_TRUE(contains(allotment, "A has to stop: its allotment is used up")) << allotment;
}

TEST(report, a_chart_has_a_row_for_each_task_and_the_times_of_changes) {
    const auto text = gantt_text(convoy, run_all(convoy, {"fcfs"}).front(), 80);
    EXPECT_TRUE(contains(text, "CPU 0 |P1---")) << text;
    EXPECT_TRUE(contains(text, "24")) << text;
    EXPECT_TRUE(contains(text, "░")) << text;
}

TEST(report, json_has_all_figures) {
    const auto j = nlohmann::json::parse(report_json(convoy, run_all(convoy, {"fcfs", "sjf"})));
    EXPECT_EQ(j["policies"][0]["all"]["waiting"]["mean"], 17.0);
    EXPECT_EQ(j["policies"][1]["tasks"][0]["turnaround"]["max"], 30);
    EXPECT_EQ(j["policies"][0]["segments"].size(), 3u);
    EXPECT_EQ(j["policies"][1]["best"][0], "turnaround");
}

TEST(report, csv_has_a_line_for_each_job) {
    const auto text = report_csv(convoy, run_all(convoy, {"fcfs"}));
    EXPECT_TRUE(contains(text, "fcfs,P2,0,0,24,27,27,24,24,3,0,0,,0\n")) << text;
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 4);
}

TEST(report, the_trace_for_chrome_is_json) {
    const auto j = nlohmann::json::parse(chrome_trace(convoy, run_all(convoy, {"fcfs"})));
    int spans = 0;
    for (const auto& e : j["traceEvents"]) spans += e["ph"] == "X" ? 1 : 0;
    EXPECT_EQ(spans, 3);
}

TEST(report, names_cannot_break_out_of_a_page) {
    auto w = convoy;
    w.tasks[0].name = "</script><b>\"&";
    const auto runs = run_all(w, {"fcfs"});
    EXPECT_FALSE(contains(gantt_html(w, runs, "<title>"), "</script><b>"));
    EXPECT_FALSE(contains(gantt_svg(w, runs), "<b>"));
    EXPECT_TRUE(contains(gantt_svg(w, runs), "&lt;/script&gt;"));
}

TEST(report, no_data_makes_a_script_a_comment) {
    auto w = convoy;
    w.tasks[0].name = "<!--<script>";
    const auto page = gantt_html(w, run_all(w, {"fcfs"}), "");
    EXPECT_FALSE(contains(page, "<!--"));
    EXPECT_TRUE(contains(page, "\\u003c!--"));
}

TEST(report, names_do_nothing_to_a_terminal) {
    auto w = convoy;
    w.tasks[0].name = "A\x1b[31m";
    w.tasks[1].name = "B\xff";
    const auto runs = run_all(w, {"fcfs"});
    for (const auto& text : {gantt_text(w, runs.front(), 80), table_text(w, runs)}) {
        EXPECT_FALSE(contains(text, "\x1b")) << text;
        EXPECT_FALSE(contains(text, "\xff")) << text;
        EXPECT_TRUE(contains(text, "A\uFFFD[31m")) << text;
    }
}

TEST(report, a_picture_is_utf8_whatever_the_names_are) {
    auto w = convoy;
    w.tasks[0].name = "A\xff\xc3";
    w.tasks[1].name = "B\xed\xa0\x80\x01";  // a surrogate, and a control character
    const auto picture = gantt_svg(w, run_all(w, {"fcfs"}));
    EXPECT_TRUE(contains(picture, ">A\uFFFD\uFFFD<")) << picture;
    EXPECT_TRUE(contains(picture, ">B\uFFFD\uFFFD\uFFFD <")) << picture;
}

TEST(report, columns_are_as_wide_as_they_look) {
    auto w = convoy;
    w.tasks[0].name = "Müller";
    w.tasks[1].name = "日本";
    w.tasks[2].name = "Zoe\u0308";
    const auto runs = run_all(w, {"fcfs"});
    const auto table = table_text(w, runs);
    EXPECT_TRUE(contains(table, "\nMüller        0   24"));
    EXPECT_TRUE(contains(table, "\n日本          0    3"));
    EXPECT_TRUE(contains(table, "\nZoe\u0308           0    3"));
    const auto text = gantt_text(w, runs.front(), 80);
    EXPECT_TRUE(contains(text, "\nCPU 0  |Müller---")) << text;
    EXPECT_TRUE(contains(text, "|日本")) << text;
    EXPECT_EQ(heddle::sched::shown_width("日本"), 4u);
    EXPECT_EQ(heddle::sched::shortened("Müllerin", 5), "Müll…");
    EXPECT_EQ(heddle::sched::shortened("Müller", 6), "Müller");
}

TEST(report, charts_mark_missed_deadlines) {
    auto w = tasks({periodic("P1", 25, 50), periodic("P2", 35, 80)});
    std::vector<policy_run> runs{{"rm", simulate(w, make_policy("rm"), {.until = at(100)}), {}}};
    runs.front().numbers = summarise(w, runs.front().run);
    const auto text = gantt_text(w, runs.front(), 120);
    EXPECT_EQ(std::count(text.begin(), text.end(), '!'), 2) << text;  // the mark and its explanation
    EXPECT_TRUE(contains(text, "! misses a deadline"));
    EXPECT_TRUE(contains(gantt_svg(w, runs), "P2 misses its deadline at 80"));
    EXPECT_FALSE(contains(gantt_text(convoy, run_all(convoy, {"fcfs"}).front(), 80), "!"));
}

TEST(report, what_is_left_out_of_a_chart_is_said) {
    workload w;
    for (int i = 0; i < 70; ++i) w.tasks.push_back(task("P" + std::to_string(i), 0, 800));
    const std::vector<policy_run> runs{{"rr", simulate(w, make_policy("rr 1"), {.cpus = 20}), {}}};
    const auto text = gantt_text(w, runs.front(), 80);
    EXPECT_TRUE(contains(text, "… and 30 more tasks\n")) << text;
    EXPECT_TRUE(contains(text, "… and 4 more CPUs\n")) << text;
    const auto bars = std::count_if(runs.front().run.segments.begin(), runs.front().run.segments.end(),
                                    [](const auto& g) { return g.task < 60; });
    ASSERT_GT(bars, 20'000);
    EXPECT_TRUE(contains(gantt_svg(w, runs), ">10 more tasks and " + std::to_string(bars - 20'000) +
                                                 " more bars are not drawn<"));
    const auto page = gantt_html(w, runs, "");
    EXPECT_EQ(contains(page, "are not drawn"), runs.front().run.segments.size() > 50'000);
}

// The data of a page, as its script has it.
nlohmann::json data_of(const std::string& page) {
    const std::string before = "<script>const data=";
    const auto from = page.find(before) + before.size();
    return nlohmann::json::parse(page.substr(from, page.find(";\n", from) - from));
}

TEST(report, charts_show_a_job_that_is_given_up_until_then) {
    const auto w = heddle::sched::read_text("P1 0 30\nP2 2 30 deadline=8\nP3 40 5\n", "test");
    const std::vector<policy_run> runs{{"fcfs", simulate(w, make_policy("fcfs"), {.drop_late = true}), {}}};
    const auto d = data_of(gantt_html(w, runs, ""));
    EXPECT_EQ(d["runs"][0]["jobs"][1], nlohmann::json({1, 2, 10}));
    EXPECT_EQ(d["end"], 45);
    const auto text = gantt_text(w, runs.front(), 80);
    EXPECT_TRUE(contains(text, "░!")) << text;
    EXPECT_FALSE(contains(text, "!░")) << text;
    EXPECT_TRUE(contains(gantt_svg(w, runs), "width=\"177.78\" height=\"4\"")) << gantt_svg(w, runs);
}

TEST(report, a_page_tells_who_waits_for_a_lock) {
    const auto w = heddle::sched::read_text("A 0 lock m run 6 unlock m\nB 2 lock m run 6 unlock m\n", "test");
    const auto d = data_of(gantt_html(w, run_all(w, {"rr 1"}), ""));
    EXPECT_EQ(d["runs"][0]["locks"], nlohmann::json::parse(R"([[1,2,6,"m"]])"));
}

TEST(report, a_page_tells_of_a_deadlock) {
    const auto w = heddle::sched::read_text(
        "P1 0 lock a run 2 lock b unlock b unlock a\n"
        "P2 0 lock b run 2 lock a unlock a unlock b\n",
        "test");
    EXPECT_TRUE(contains(gantt_html(w, run_all(w, {"rr 1"}), ""), "rr 1: deadlock: P1 waits for b"));
}

TEST(report, the_times_below_a_picture_do_not_overlap) {
    const auto w = heddle::sched::read_text("P1 1732290000s 1s\n", "test");
    const auto picture = gantt_svg(w, run_all(w, {"fcfs"}));
    int times = 0;
    for (std::size_t at = 0; (at = picture.find("class=\"a\"", at + 1)) != std::string::npos;) ++times;
    EXPECT_EQ(times, 6) << picture;  // of 16 letters: every 200 ms
}

TEST(report, the_same_twice) {
    const auto a = run_all(convoy, {"fcfs", "lottery 2"}), b = run_all(convoy, {"fcfs", "lottery 2"});
    EXPECT_EQ(report_json(convoy, a), report_json(convoy, b));
    EXPECT_EQ(gantt_html(convoy, a, ""), gantt_html(convoy, b, ""));
}

TEST(report, percentiles_are_by_nearest_rank) {
    workload w;
    for (int i = 1; i <= 100; ++i) w.tasks.push_back(task("P" + std::to_string(i), 1000 * i, i));
    const auto all = summarise(w, simulate(w, make_policy("fcfs"))).all.turnaround;
    EXPECT_EQ(all.p50, duration(50));
    EXPECT_EQ(all.p95, duration(95));
    EXPECT_EQ(all.p99, duration(99));
    EXPECT_EQ(all.most, duration(100));
    EXPECT_DOUBLE_EQ(all.mean, 50.5);
}

TEST(textbook, every_case_can_be_run) {
    for (const auto& c : heddle::sched::textbook_cases()) {
        const auto w = heddle::sched::read_text(c.tasks, std::string(c.name));
        for (const auto& p : c.policies) {
            const auto s = simulate(w, make_policy(p), c.options);
            EXPECT_TRUE(s.stuck.empty()) << c.name;
            EXPECT_GT(s.segments.size(), 0u) << c.name;
        }
    }
}
