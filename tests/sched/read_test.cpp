// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <heddle/policy/random_stream.hpp>
#include <sched/generate.hpp>
#include <sched/read.hpp>
#include <sched/trace.hpp>
#include <string>
#include <tuple>
#include "runs.hpp"

using namespace sched_tests;
using heddle::sched::file_format;
using heddle::sched::generate;
using heddle::sched::input_error;
using heddle::sched::read;
using heddle::sched::time_unit;

namespace {

std::string refusal(const std::string& text, const std::string& name = "file") {
    try {
        read(text, name);
    } catch (const input_error& e) {
        return e.what();
    }
    return "accepted";
}

}  // namespace

TEST(read, the_short_form_of_a_task) {
    const auto w = read("# a comment\n\nP1 0 24\nP2 2 3 5\n", "file");
    ASSERT_EQ(w.tasks.size(), 2u);
    EXPECT_EQ(w.tasks[0].name, "P1");
    EXPECT_EQ(w.tasks[0].cpu_time(), duration(24));
    EXPECT_EQ(w.tasks[1].arrival, at(2));
    EXPECT_EQ(w.tasks[1].priority, 5);
    EXPECT_EQ(w.unit, time_unit::none);
}

TEST(read, steps_and_settings) {
    const auto w = read(
        "A 1 run 4 wait 10 lock m run 2 unlock m yield times=2 nice=5 tickets=7 deadline=90 cpus=0,2 set=50 "
        "class=rr\ncpus 3\n",
        "f");
    ASSERT_EQ(w.tasks.size(), 1u);
    const auto& t = w.tasks[0];
    EXPECT_EQ(t.steps.size(), 12u);
    EXPECT_EQ(t.cpu_time(), duration(12));
    EXPECT_EQ(t.nice, 5);
    EXPECT_EQ(t.weight, 7u);
    EXPECT_EQ(t.deadline, duration(90));
    EXPECT_EQ(t.cpus, (std::vector<int>{0, 2}));
    EXPECT_EQ(t.working_set, 50);
    EXPECT_EQ(t.kind, heddle::policy::task_class::round_robin);
    EXPECT_EQ(w.locks, std::vector<std::string>{"m"});
    EXPECT_EQ(w.cpus, 3);
}

TEST(read, units_are_nanoseconds) {
    const auto w = read("A 0 1.5ms\nB 10us 2s\n", "f");
    EXPECT_EQ(w.unit, time_unit::nanoseconds);
    EXPECT_EQ(w.tasks[0].cpu_time(), duration(1'500'000));
    EXPECT_EQ(w.tasks[1].arrival, at(10'000));
}

TEST(read, what_is_wrong_is_said_with_its_line) {
    EXPECT_TRUE(contains(refusal("P1 0 24\nP2 x 3\n"), "file:2: expected when the task arrives"));
    EXPECT_TRUE(contains(refusal("P1 0\n"), "file:1: expected a task: NAME ARRIVAL BURST"));
    EXPECT_TRUE(contains(refusal("P1 0 -3\n"), "file:1: expected how long the task runs"));
    EXPECT_TRUE(contains(refusal("P1 0 3\nP1 0 3\n"), "file:2: expected another name"));
    EXPECT_TRUE(contains(refusal("P1 0 run\n"), "file:1: expected a time after run"));
    EXPECT_TRUE(contains(refusal("P1 0 3 colour=red\n"), "file:1: expected priority, nice"));
    EXPECT_TRUE(contains(refusal("P1 0 3 nice=40\n"), "from -20 to 19, not '40'"));
    EXPECT_TRUE(contains(refusal("P1 0 5ms\nP2 0 5\n"), "file:2: expected a unit"));
    EXPECT_TRUE(contains(refusal("P1 0 5.5\n"), "file:1: expected"));
    EXPECT_TRUE(contains(refusal(""), "file:1: expected a task, and there is none"));
    EXPECT_TRUE(contains(refusal("P1 0 run 3 unlock m\n"), "task P1: it unlocks m"));
    EXPECT_TRUE(contains(refusal("P1 0 99999999999999999999\n"), "file:1: expected"));
    for (const char* const cpus : {"", ",", "1,", ",1"})
        EXPECT_TRUE(contains(refusal("P1 0 5 cpus=" + std::string(cpus) + "\n"),
                             "file:1: expected cpus to be a whole number"))
            << cpus;
}

TEST(read, what_is_said_twice_is_refused) {
    EXPECT_TRUE(contains(refusal("P1 0 5 nice=1 width=1 nice=2\n"),
                         "file:1: expected each setting once, and there is another 'nice'"));
    EXPECT_TRUE(contains(refusal("cpus 2\nP1 0 5\ncpus 3\n"), "file:3: expected the number of CPUs once"));
}

TEST(read, times_are_exact) {
    EXPECT_EQ(read("P1 0 9007199254740993\n", "f").tasks[0].cpu_time(), duration(9007199254740993));
    EXPECT_TRUE(
        contains(refusal("P1 0 5e18\n"), "file:1: expected how long the task runs that is at most 2.3e18"));
}

TEST(read, times_that_do_not_fit_together_are_refused_with_their_line) {
    EXPECT_TRUE(contains(refusal("P1 0 2e18\nP2 0 2e18\n"), "file:2: task P2: with it the times add up"));
    EXPECT_TRUE(contains(refusal("P1 2e18 2e18\n"), "file:1: task P1: with it"));
    EXPECT_TRUE(contains(refusal("P1 0 run 2e18 times=10\n"), "file:1: task P1: with it"));
    EXPECT_TRUE(contains(refusal("P1 0 5 period=2e18 jobs=9\n"), "file:1: task P1: with it"));
    EXPECT_TRUE(contains(refusal("P1 0 2e18 width=3\n"), "file:1: task P1: with it"));
}

TEST(read, what_no_task_can_do_is_said_with_its_line) {
    EXPECT_TRUE(contains(refusal("P0 0 1\nP1 0 run 3 unlock m\n"), "file:2: task P1: it unlocks m"));
    EXPECT_TRUE(contains(refusal("P1 0 5 jobs=3\n"), "file:1: task P1: it has jobs= and no period="));
    EXPECT_TRUE(contains(refusal("arrival,burst,jobs\n0,5,3\n", "f.csv"), "f.csv:2: task P1: it has jobs="));
    EXPECT_TRUE(contains(refusal("arrival,burst\n,5\n", "f.csv"), "f.csv:2: expected when the task arrives"));
}

TEST(read, comma_separated_values) {
    const auto w =
        read("name,arrival,burst,priority,steps\n\"a, b\",0,3,2,\nc,1,,,run 2 wait 1 run 2\n", "f.csv");
    ASSERT_EQ(w.tasks.size(), 2u);
    EXPECT_EQ(w.tasks[0].name, "a, b");
    EXPECT_EQ(w.tasks[0].priority, 2);
    EXPECT_EQ(w.tasks[1].steps.size(), 3u);
    EXPECT_TRUE(contains(refusal("name,arrival\n", "f.csv"), "f.csv:1: expected a header"));
    EXPECT_TRUE(contains(refusal("arrival,burst\n1\n", "f.csv"), "f.csv:2: expected 2 fields"));
    EXPECT_TRUE(contains(refusal("arrival,burst\n1,x\n", "f.csv"), "f.csv:2: expected how long"));
    EXPECT_TRUE(contains(refusal("arrival,burst,hue\n1,1,2\n", "f.csv"),
                         "f.csv:1: expected name, arrival, burst, steps, priority, nice, "));
    EXPECT_TRUE(contains(refusal("arrival,burst,hue\n", "f.csv"), " or class as a column, not 'hue'"));
    EXPECT_TRUE(contains(refusal("arrival,burst,steps\n0,5,run 5\n", "f.csv"),
                         "f.csv:2: expected a burst or steps, not both"));
    EXPECT_TRUE(contains(refusal("arrival,steps,burst\n0,run 5,5\n", "f.csv"),
                         "f.csv:2: expected a burst or steps, not both"));
    EXPECT_TRUE(
        contains(refusal("arrival,burst\n\"1,1\n", "f.csv"), "f.csv:2: expected the quotation to end"));
}

TEST(read, the_standard_workload_format) {
    const char* const text =
        "; Version: 2.2\n; MaxProcs: 128\n"
        "1 0 5 100 16 -1 -1 16 200 -1 1 3 1 1 2 -1 -1 -1\n"
        "2 10 -1 -1 8 -1 -1 8 50 -1 0 3 1 1 -1 -1 -1 -1\n"
        "  3 20 0 50.7 -1 -1 -1 4 60 -1 1 3 1 1 -1 -1 -1 -1\n";
    const auto w = read(text, "log.swf");
    ASSERT_EQ(w.tasks.size(), 2u);
    EXPECT_EQ(w.cpus, 128);
    EXPECT_EQ(w.tasks[0].width, 16);
    EXPECT_EQ(w.tasks[0].priority, 2);
    EXPECT_EQ(w.tasks[1].cpu_time(), duration(50));
    EXPECT_EQ(w.tasks[1].width, 4);
    ASSERT_EQ(w.notes.size(), 1u);
    EXPECT_EQ(w.notes[0], "1 jobs without a run time or size were left out");
    const auto small = read("; MaxProcs: 2\n1 0 0 5 4 -1 -1 4 -1 -1 1 1 1 1 1 -1 -1 -1\n", "log.swf");
    EXPECT_EQ(small.cpus, 4);
    ASSERT_EQ(small.notes.size(), 1u);
    EXPECT_EQ(small.notes[0], "a job has 4 CPUs, more than the 2 of the header: so many are simulated");
    EXPECT_TRUE(contains(refusal("1 0 5 100 16\n", "log.swf"), "log.swf:1: expected the 18 numbers"));
    EXPECT_TRUE(
        contains(refusal("1 0 5 100 16 -1 -1 16 200 -1 1 3 1 1 2 -1 -1 -1 7\n", "log.swf"), "log.swf:1:"));
}

TEST(read, a_trace_of_the_kernel) {
    // a runs, is interrupted by b, goes on, waits, and comes back.
    const char* const text =
        "# tracer: nop\n"
        "          <idle>-0       [000] d..2.  10.000000: sched_switch: prev_comm=swapper/0 prev_pid=0 "
        "prev_prio=120 prev_state=R ==> next_comm=a next_pid=11 next_prio=120\n"
        "               a-11      [000] dN.2.  10.004000: sched_wakeup: comm=b c pid=12 prio=49 "
        "target_cpu=000\n"
        "               a-11      [000] d..2.  10.005000: sched_switch: prev_comm=a prev_pid=11 "
        "prev_prio=120 prev_state=R+ ==> next_comm=b c next_pid=12 next_prio=49\n"
        "             b c-12      [000] d..2.  10.007000: sched_switch: prev_comm=b c prev_pid=12 "
        "prev_prio=49 prev_state=X ==> next_comm=a next_pid=11 next_prio=120\n"
        "               a-11      [000] d..2.  10.010000: sched_switch: prev_comm=a prev_pid=11 "
        "prev_prio=120 prev_state=S ==> next_comm=swapper/0 next_pid=0 next_prio=120\n"
        "          <idle>-0       [000] d..2.  10.020000: sched_wakeup: comm=a pid=11 prio=120 "
        "target_cpu=000\n"
        "               a-11      [000] d..2.  10.022000: sched_switch: prev_comm=a prev_pid=11 "
        "prev_prio=120 prev_state=X ==> next_comm=swapper/0 next_pid=0 next_prio=120\n";
    const auto w = read(text, "trace.txt");
    ASSERT_EQ(w.tasks.size(), 2u);
    EXPECT_EQ(w.tasks[0].name, "a-11");
    ASSERT_EQ(w.tasks[0].steps.size(), 3u);
    EXPECT_EQ(w.tasks[0].steps[0].length, duration(8'000'000));
    EXPECT_EQ(w.tasks[0].steps[1].kind, step_kind::wait);
    EXPECT_EQ(w.tasks[0].steps[1].length, duration(10'000'000));
    // Its second switch from idle is missing: it has run since it woke.
    EXPECT_EQ(w.tasks[0].steps[2].length, duration(2'000'000));
    ASSERT_EQ(w.notes.size(), 1u);
    EXPECT_EQ(w.tasks[1].name, "b c-12");
    EXPECT_EQ(w.tasks[1].arrival, at(4'000'000));
    EXPECT_EQ(w.tasks[1].kind, heddle::policy::task_class::fifo);
    EXPECT_EQ(w.tasks[1].priority, 50);
    // And what the kernel did comes out again.
    const auto s = simulate(w, make_policy("linux"));
    EXPECT_EQ(finish_of(w, s, "a-11"), 22'000'000);
}

TEST(read, a_task_that_is_suddenly_on_another_cpu_has_left_the_first) {
    const auto line = [](int cpu, const char* when, const char* before, int before_pid, const char* state,
                         const char* after, int after_pid) {
        return " x-1 [00" + std::to_string(cpu) + "] d..2. " + when + ": sched_switch: prev_comm=" + before +
               " prev_pid=" + std::to_string(before_pid) + " prev_prio=120 prev_state=" + state +
               " ==> next_comm=" + after + " next_pid=" + std::to_string(after_pid) + " next_prio=120\n";
    };
    const auto w = read(line(0, "1.000000", "swapper/0", 0, "R", "a", 11) +
                            line(1, "1.010000", "swapper/1", 0, "R", "a", 11) +
                            line(1, "1.020000", "a", 11, "S", "swapper/1", 0) +
                            line(0, "1.030000", "b", 12, "S", "swapper/0", 0),
                        "trace.txt", file_format::trace);
    ASSERT_EQ(w.tasks.size(), 2u);
    EXPECT_EQ(w.tasks[0].cpu_time(), duration(20'000'000));
    EXPECT_EQ(w.tasks[0].steps.size(), 1u);
    EXPECT_EQ(w.tasks[1].arrival, at(10'000'000));
    EXPECT_EQ(w.tasks[1].cpu_time(), duration(20'000'000));
    EXPECT_EQ(w.notes, std::vector<std::string>{"2 switches were missing in the trace and were rebuilt"});
}

// A schedule on two CPUs as a trace, of which lines are lost: what is rebuilt is something that can have
// been.
TEST(read, a_trace_with_gaps_is_rebuilt_so_that_nobody_is_in_two_places) {
    workload tasks_of_trace;
    for (int i = 0; i < 5; ++i) {
        task_spec t = task("t" + std::to_string(i), i * 3, 7);
        t.steps.push_back({step_kind::wait, duration(4 + i), 0});
        t.steps.push_back({step_kind::compute, duration(9), 0});
        tasks_of_trace.tasks.push_back(t);
    }
    const auto s = simulate(tasks_of_trace, make_policy("rr 2"), {.cpus = 2});
    struct change {
        std::int64_t at;
        std::uint32_t cpu;
        int task;  // that begins, or ends if negative; from 1
    };
    std::vector<change> changes;
    for (const auto& g : s.segments) {
        changes.push_back({g.begin.time_since_epoch().count(), g.cpu, static_cast<int>(g.task) + 1});
        changes.push_back({g.end.time_since_epoch().count(), g.cpu, -static_cast<int>(g.task) - 1});
    }
    std::sort(changes.begin(), changes.end(), [](const change& a, const change& b) {
        return std::tuple(a.at, a.task > 0, a.cpu, a.task) < std::tuple(b.at, b.task > 0, b.cpu, b.task);
    });
    std::vector<std::string> lines;
    for (const change& c : changes) {
        const std::string head = "x-1 [00" + std::to_string(c.cpu) + "] " + std::to_string(c.at / 10) + "." +
                                 std::to_string(c.at % 10) + "00000: ";
        const std::string who = "t:" + std::to_string(std::abs(c.task)) + " [120]";
        lines.push_back(head + "sched_switch: " +
                        (c.task > 0 ? "swapper:0 [120] R ==> " + who : who + " S ==> swapper:0 [120]"));
        if (c.task < 0) lines.push_back(head + "sched_wakeup: " + who);
    }
    heddle::policy::random_stream random(3);
    for (int round = 0; round < 500; ++round) {
        std::string text;
        for (const std::string& line : lines)
            if (random.below(10) >= static_cast<std::uint64_t>(round % 8)) text += line + "\n";
        if (text.find("sched_switch") == std::string::npos) continue;
        const auto t = heddle::sched::parse_trace(text, "trace");
        std::vector<std::tuple<std::uint32_t, std::int64_t, std::int64_t>> on_cpus;
        for (const auto& traced : t.tasks) {
            std::int64_t last = 0;
            for (const auto& span : traced.spans) {
                ASSERT_LE(span.begin, span.end) << text;
                ASSERT_LE(last, span.begin) << text;
                last = span.end;
                on_cpus.emplace_back(span.cpu, span.begin, span.end);
            }
        }
        std::sort(on_cpus.begin(), on_cpus.end());
        for (std::size_t i = 1; i < on_cpus.size(); ++i) {
            if (std::get<0>(on_cpus[i]) != std::get<0>(on_cpus[i - 1])) continue;
            ASSERT_LE(std::get<2>(on_cpus[i - 1]), std::get<1>(on_cpus[i])) << text;
        }
        ASSERT_NO_THROW(check(heddle::sched::workload_of(t))) << text;
    }
}

TEST(read, a_trace_that_lost_events_says_so) {
    const std::string line =
        " a-7 [000] d..2. 1.000000: sched_switch: prev_comm=a prev_pid=7 prev_prio=120 prev_state=S ==> "
        "next_comm=swapper/0 next_pid=0 next_prio=120\n";
    const auto w = read("# tracer: nop\n" + line + "CPU:0 [LOST 45 EVENTS]\n", "trace");
    ASSERT_EQ(w.notes.size(), 2u);
    EXPECT_EQ(w.notes[0], "the trace says that events were lost: record with a larger buffer");
}

TEST(read, the_short_lines_of_perf) {
    const char* const text =
        "  swapper     0 [001]   5.000000:       sched:sched_switch: swapper/1:0 [120] R ==> my app:7 [120]\n"
        "   my app     7 [001]   5.250000:       sched:sched_switch: my app:7 [120] S ==> swapper/1:0 [120]\n"
        "  swapper     0 [001]   5.500000:       sched:sched_wakeup: my app:7 [120] CPU:001\n"
        "  swapper     0 [001]   5.500100:       sched:sched_switch: swapper/1:0 [120] R ==> my app:7 [120]\n"
        "   my app     7 [001]   5.600000:       sched:sched_switch: my app:7 [120] X ==> swapper/1:0 "
        "[120]\n";
    const auto w = read(text, "perf.txt");
    ASSERT_EQ(w.tasks.size(), 1u);
    EXPECT_EQ(w.tasks[0].name, "my app-7");
    EXPECT_EQ(w.tasks[0].cpu_time(), duration(349'900'000));
    EXPECT_TRUE(
        contains(refusal("x [000] 1.0: sched_switch: nonsense\n"), "file:1: expected PREVIOUS ==> NEXT"));
    EXPECT_TRUE(
        contains(refusal("x 1.0: sched_switch: a:1 [120] S ==> b:2 [120]\n"), "file:1: expected the CPU"));
    EXPECT_TRUE(contains(refusal("# tracer: nop\n"), "expected sched_switch"));
}

TEST(read, rt_app) {
    const char* const text = R"({
    /* rt-app allows comments */
    "global": {"duration": 1},
    "tasks": {
        "periodic": {"policy": "SCHED_FIFO", "priority": 10, "loop": 5, "run": 20000, "timer": {"ref": "t", "period": 100000}},
        "worker": {"instance": 2, "loop": 3, "cpus": [0, 1], "lock": "m", "run0": 1000, "unlock": "m", "sleep": 500}
    }})";
    const auto w = read(text, "app.json");
    ASSERT_EQ(w.tasks.size(), 3u);
    EXPECT_EQ(w.tasks[0].period, duration(100'000'000));
    EXPECT_EQ(w.tasks[0].jobs, 5u);
    EXPECT_EQ(w.tasks[0].kind, heddle::policy::task_class::fifo);
    EXPECT_EQ(w.tasks[1].name, "worker-0");
    EXPECT_EQ(w.tasks[1].cpu_time(), duration(3'000'000));
    EXPECT_TRUE(contains(refusal("{\n\"tasks\": {\n", "app.json"), "app.json:3: expected JSON"));
    EXPECT_TRUE(contains(refusal("{}", "app.json"), "app.json:1: expected an object with the tasks"));
    EXPECT_TRUE(contains(refusal("{\"tasks\":\n{\"a\":{\"loop\":1,\n\"run\":\"x\"}}}", "app.json"),
                         "app.json:3: expected run to be a whole number"));
    EXPECT_TRUE(contains(refusal("{\"tasks\":{\"a\":{\"loop\":1,\"barrier\":\"x\"}}}", "app.json"),
                         "does not simulate 'barrier'"));
}

TEST(read, what_is_wrong_in_rt_app_is_said_with_its_line) {
    const auto of = [](const std::string& b, const std::string& before = "") {
        return refusal(
            "{" + before +
                "\n\"tasks\": {\n\"a\": {\"loop\": 1, \"run\": 5,\n\"timer\": {\"period\": 9}},\n" + b + "}}",
            "app.json");
    };
    EXPECT_TRUE(contains(of("\"b\": {\"loop\": 1,\n\"run\": \"x\"}"), "app.json:6: expected run to be"))
        << of("");
    EXPECT_TRUE(contains(of("\"b\": {\"run\": 1,\n\"loop\": \"run\"}"), "app.json:6: expected loop to be"));
    EXPECT_TRUE(
        contains(of("\"b\": {\"loop\": 1, \"timer\": {\n\"period\": -1}}"), "app.json:6: expected period"));
    EXPECT_TRUE(contains(of("\"b\": {\"phases\": {\n\"p\": {\"run\": 1},\n\"q\": {\n\"run\": -1}}}"),
                         "app.json:8: expected run to be"));
    EXPECT_TRUE(contains(of("\n\"b\": {\"run\": 1}"), "app.json:6: expected global.duration"));
    EXPECT_TRUE(contains(of("\"b\": {\"loop\": 1,\n\"run\": 1,\n\"run\": 1}"),
                         "app.json:7: expected each name once"));
    EXPECT_TRUE(contains(of("\"b\": {\"loop\": 1,\n\"run\" 1}"), "app.json:6: expected JSON"));
    EXPECT_TRUE(
        contains(of("\"b\": {}", "\"global\": {\n\"duration\": \"x\"},"), "app.json:2: expected duration"));
}

TEST(read, rt_app_as_it_means_it) {
    const auto w = read(R"({"global": {"default_policy": "SCHED_RR", "pi_enabled": true}, "tasks": {
        "other": {"policy": "SCHED_OTHER", "priority": 5, "loop": 1, "run": 10},
        "turns": {"loop": 1, "run": 10, "taskgroup": "/a"},
        "late": {"policy": "SCHED_DEADLINE", "dl-runtime": 1, "dl-deadline": 50, "loop": 1, "run": 10}}})",
                        "app.json");
    EXPECT_EQ(w.tasks[0].nice, 5);
    EXPECT_EQ(w.tasks[0].priority, 0);
    EXPECT_EQ(w.tasks[1].kind, heddle::policy::task_class::round_robin);
    EXPECT_EQ(w.tasks[1].priority, 10);
    EXPECT_EQ(w.tasks[2].deadline, duration(50'000));
    ASSERT_EQ(w.notes.size(), 2u);
    EXPECT_TRUE(contains(w.notes[0], "--inherit")) << w.notes[0];
    EXPECT_TRUE(contains(w.notes[1], "task groups and budgets")) << w.notes[1];
}

TEST(read, rt_app_that_would_be_misread_is_refused) {
    const auto of = [](const std::string& events) {
        return refusal("{\"tasks\":{\n\"a\":{\"loop\":1,\n" + events + "}}}", "app.json");
    };
    EXPECT_TRUE(contains(of("\"runn\":1"), "app.json:3: expected run, sleep, timer"));
    EXPECT_TRUE(contains(of("\"run\":1.5"), "app.json:3: expected run to be a whole number from 0 to"));
    EXPECT_TRUE(
        contains(of("\"run\":99999999999999999999"), "app.json:3: expected run to be a whole number"));
    EXPECT_TRUE(contains(of("\"run\":1,\n\"run\":2"),
                         "app.json:4: expected each name once in an object, and there is another 'run'"));
    EXPECT_TRUE(contains(of("\"run\":1,\"nice\":500"), "expected nice to be a whole number from -20 to 19"));
    EXPECT_TRUE(contains(of("\"run\":1,\"priority\":99999999999"),
                         "expected priority to be a whole number from -20 to 99"));
    EXPECT_TRUE(contains(of("\"run\":1,\"priority\":50"), "it is the nice value"));
    EXPECT_TRUE(contains(of("\"run\":1,\"policy\":\"SCHED_FIFO\",\"priority\":0"), "from 1 to 99"));
    EXPECT_TRUE(contains(of("\"run\":1,\"cpus\":[-1]"), "expected cpus to be a whole number from 0"));
    EXPECT_TRUE(
        contains(of("\"lock\":\"m\",\"run\":5"), "app.json:2: task a: it ends and has not unlocked m"));
    const auto all = [](const std::string& global, const std::string& a) {
        return refusal("{\"global\":{" + global + "},\"tasks\":{\"a\":{" + a + "}}}", "app.json");
    };
    EXPECT_TRUE(contains(all("\"duration\":100000", "\"run\":10,\"sleep\":10"),
                         "expected at most 10 million steps, and 5000000000 loops are more"));
    EXPECT_TRUE(contains(all("\"duration\":1000000000000", "\"run\":10"),
                         "expected duration to be a whole number from -1 to 2305843009"));
    EXPECT_TRUE(contains(all("\"durration\":1", "\"run\":10"),
                         "expected a setting of rt-app in global, not 'durration'"));
    EXPECT_TRUE(contains(
        all("", "\"loop\":1,\"phases\":{\"p\":{\"run\":1},\"q\":{\"run\":1,\"policy\":\"SCHED_FIFO\"}}"),
        "expected the same policy, priority and CPUs in all phases"));
    EXPECT_TRUE(contains(refusal("{\"task\":{},\"tasks\":{}}", "app.json"),
                         "expected tasks, global or resources, not 'task'"));
}

TEST(read, a_file_that_is_not_there) {
    EXPECT_THROW(heddle::sched::read_file("/no/such/file"), input_error);
}

TEST(read, every_prefix_and_every_damage_is_read_or_refused) {
    const std::string text =
        "A 1 run 4 wait 10 lock m run 2 unlock m times=2 nice=5\nB 0 5 3 deadline=9\ncpus 2\n";
    for (std::size_t n = 0; n <= text.size(); ++n) refusal(text.substr(0, n));
    heddle::policy::random_stream random(9);
    for (const char* const name : {"f", "f.csv", "f.swf", "f.json"})
        for (int i = 0; i < 2000; ++i) {
            std::string damaged = text;
            for (std::uint64_t n = 1 + random.below(4); n > 0; --n)
                damaged[random.below(damaged.size())] = static_cast<char>(random.below(256));
            refusal(damaged, name);
        }
}

TEST(generate, the_same_description_makes_the_same_workload) {
    for (const char* const what : {"poisson n=50", "bursty n=50 group=10", "heavy n=50 alpha=1.3",
                                   "periodic n=6 load=0.9", "poisson rounds=3 io=5"}) {
        const auto a = generate(what, 1), b = generate(what, 1);
        ASSERT_EQ(a.tasks.size(), b.tasks.size());
        for (std::size_t i = 0; i < a.tasks.size(); ++i) {
            EXPECT_EQ(a.tasks[i].arrival, b.tasks[i].arrival);
            EXPECT_EQ(a.tasks[i].cpu_time(), b.tasks[i].cpu_time());
        }
        EXPECT_NO_THROW(check(a));
    }
    EXPECT_NE(generate("poisson seed=1", 1).tasks[3].arrival, generate("poisson seed=2", 1).tasks[3].arrival);
}

TEST(generate, the_load_is_what_was_asked_for) {
    const auto w = generate("poisson n=20000 load=0.5 burst=100", 1);
    std::int64_t work = 0;
    for (const auto& t : w.tasks) work += t.cpu_time().count();
    EXPECT_NEAR(
        static_cast<double>(work) / static_cast<double>(w.tasks.back().arrival.time_since_epoch().count()),
        0.5, 0.02);
}

TEST(generate, what_is_not_understood_is_named) {
    EXPECT_THROW(generate("uniform", 1), std::invalid_argument);
    EXPECT_THROW(generate("poisson n=x", 1), std::invalid_argument);
    EXPECT_THROW(generate("poisson n=0", 1), std::invalid_argument);
    EXPECT_THROW(generate("poisson n=1e9", 1), std::invalid_argument);
    EXPECT_THROW(generate("poisson n=1e4 rounds=1e4", 1), std::invalid_argument);
}
