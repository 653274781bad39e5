// SPDX-License-Identifier: BSL-1.0
#include <cli/chart_js.hpp>
#include <cli/compare/report.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include "planted.hpp"

using namespace heddle::cli;
using cli_tests::compared;
using cli_tests::ran;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

namespace {

comparison four_models() {
    auto c = compared({ran(model::sequential, 1.0), ran(model::coroutines, 1.0, 64), ran(model::threads, 0.5, 2),
                       ran(model::processes, 0.55, 2)},
                      0.97);
    for (auto& m : c.models) {
        m.p50 = 0.001;
        m.p95 = 0.002;
        m.p99 = 0.003;
        m.runs[0].spans = {{0, 1'000'000, 1'000'000, 1}};
        m.runs[0].summary = {"3 words, 2 different, in 1 text files"};
    }
    return c;
}

// A page without what was put into it as a whole.
std::string without_library(std::string page) {
    const auto at = page.find(chart_js);
    EXPECT_NE(at, std::string::npos) << "the page does not bring the library along";
    return page.erase(at, chart_js.size());
}

TEST(report, the_table_has_a_row_for_each_model_and_the_verdict) {
    const auto c = four_models();
    const auto v = judge(c);
    EXPECT_THAT(text_report(c, v),
                AllOf(HasSubstr("words: planted"), HasSubstr("sequential"), HasSubstr("coroutines"),
                      HasSubstr("threads"), HasSubstr("processes"), HasSubstr("2.00x"), HasSubstr("500.0 ms"),
                      HasSubstr("3 words, 2 different"), HasSubstr("verdict: " + v->sentence)));
}

TEST(report, what_failed_could_not_be_read_or_differs_is_said_to_people) {
    auto c = four_models();
    c.models[1].runs.clear();
    c.models[1].failures = {"worker 7 was killed"};
    c.same_answer = false;
    c.problems = {"cannot read a: Permission denied", "cannot read b: Permission denied"};
    c.notes = {"processes: worker 5 died; its items were run again"};
    EXPECT_THAT(text_report(c, judge(c)),
                AllOf(HasSubstr("failed: worker 7 was killed"), HasSubstr("do not give the same answer"),
                      HasSubstr("2 could not be read"), HasSubstr("cannot read b"), HasSubstr("worker 5 died")));
}

TEST(report, json_has_the_documented_keys) {
    auto c = four_models();
    c.models[1].runs.clear();
    c.models[1].failures = {"killed"};
    c.problems = {"p"};
    c.notes = {"n"};
    calibration costs;
    costs.strands = {{"thread", {1e-6, 1e-6, 2e-6}, {1e-7, 1e-7, 1e-7}, 8192}};
    const auto j = nlohmann::json::parse(json_report(c, judge(c), costs));
    for (const char* key : {"workload", "title", "unit", "items", "cpus", "same_answer", "answer", "models",
                            "verdict", "problems", "notes", "costs"})
        EXPECT_TRUE(j.contains(key)) << key;
    for (const char* key : {"digest", "number", "bytes", "files", "words", "distinct_words", "top_words"})
        EXPECT_TRUE(j["answer"].contains(key)) << key;
    ASSERT_EQ(j["models"].size(), 4U);
    for (const char* key :
         {"model", "workers", "ok", "failures", "repetitions", "wall_s", "speed_up", "throughput_per_s", "latency_s",
          "cpu_s", "cpu_share_of_item_time", "memory_peak_bytes", "context_switches", "bytes_moved", "digest"})
        EXPECT_TRUE(j["models"][0].contains(key)) << key;
    for (const char* key : {"use", "noise", "sentence", "reasons"}) EXPECT_TRUE(j["verdict"].contains(key)) << key;
    EXPECT_EQ(j["models"][0]["wall_s"]["median"], 1.0);
    EXPECT_EQ(j["models"][0]["latency_s"]["p99"], 0.003);
    EXPECT_EQ(j["models"][1]["ok"], false);
    EXPECT_EQ(j["models"][1]["failures"][0], "killed");
    EXPECT_EQ(j["costs"][0]["memory_bytes"], 8192);
}

TEST(report, json_says_null_where_there_is_nothing_to_say) {
    model_result failed;
    failed.failures = {"killed"};
    const auto c = compared({failed}, 0);
    const auto j = nlohmann::json::parse(json_report(c, judge(c), std::nullopt));
    EXPECT_TRUE(j["verdict"].is_null());
    EXPECT_TRUE(j["answer"].is_null());
    EXPECT_FALSE(j.contains("costs"));
    auto alone = compared({ran(model::threads, 1.0, 2)}, 0.5);
    EXPECT_TRUE(nlohmann::json::parse(json_report(alone, judge(alone), std::nullopt))["models"][0]["speed_up"].is_null());
}

TEST(report, json_is_json_whatever_bytes_names_have) {
    auto c = four_models();
    c.problems = {"cannot read \xff\"\\\n\x01: no"};
    EXPECT_NO_THROW(EXPECT_EQ(nlohmann::json::parse(json_report(c, judge(c), std::nullopt))["problems"].size(), 1U));
}

TEST(report, the_page_has_the_figures_and_loads_nothing) {
    const auto c = four_models();
    const auto page = without_library(html_report(c, judge(c), std::nullopt));
    EXPECT_THAT(page, AllOf(HasSubstr("<!doctype html>"), HasSubstr("<table"), HasSubstr("500.0 ms"),
                            HasSubstr(judge(c)->use == model::threads ? "use threads" : "use "), HasSubstr("</html>")));
    EXPECT_THAT(page, AllOf(Not(HasSubstr("src=")), Not(HasSubstr("<link")), Not(HasSubstr("http://")),
                            Not(HasSubstr("https://")), Not(HasSubstr("@import"))));
}

TEST(report, nothing_in_the_page_can_become_markup_or_script) {
    auto c = four_models();
    const std::string evil = "</script><script>alert('x')</script><img src=x onerror=\"alert(1)\">&amp;";
    c.title = evil;
    c.problems = {evil};
    c.notes = {evil};
    c.unit = "MB";
    c.models[0].runs[0].summary = {evil};
    c.models[3].runs.clear();
    c.models[3].failures = {evil};
    const auto page = without_library(html_report(c, judge(c), std::nullopt));
    EXPECT_THAT(page, AllOf(Not(HasSubstr("<script>alert")), Not(HasSubstr("<img")), HasSubstr("&amp;amp;")));
}

TEST(report, figures_that_are_no_numbers_do_not_break_json_or_page) {
    auto c = four_models();
    c.models[0].speed_up = std::nan("");
    c.models[1].throughput = INFINITY;
    EXPECT_TRUE(nlohmann::json::accept(json_report(c, judge(c), std::nullopt)));
    const auto page = without_library(html_report(c, judge(c), std::nullopt));
    EXPECT_THAT(page, Not(HasSubstr(":nan")));
}

TEST(report, the_explanation_names_each_strand_and_how_many_to_use) {
    auto c = compared({ran(model::sequential, 1.0)}, 0.1);
    c.cpus = 6;
    c.models[0].p50 = 0.020;
    calibration costs;
    for (const char* name : {"thread", "process", "fiber", "coroutine"})
        costs.strands.push_back({name, {1e-6, 1e-6, 2e-6}, {2e-7, 1e-7, 3e-7}, 1000});
    const auto text = explanation(c, costs);
    EXPECT_THAT(text, AllOf(HasSubstr("thread "), HasSubstr("process "), HasSubstr("fiber "), HasSubstr("coroutine "),
                            HasSubstr("work on a CPU: 6")));
    // Little's law with these numbers: 1000 a second, each in the system for 20 ms.
    EXPECT_THAT(text, HasSubstr("1000 items/s need 20\n"));
    // 18 ms of waiting for 2 ms of computing: ten items keep one CPU busy.
    EXPECT_THAT(text, HasSubstr("6 CPUs are kept busy by about 60 in flight"));
    EXPECT_THAT(text, HasSubstr("10.0 MB as threads"));
}

}  // namespace
