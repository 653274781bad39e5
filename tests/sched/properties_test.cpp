// SPDX-License-Identifier: BSL-1.0
// What holds of every simulation, whatever the policy and the load.
#include <heddle/policy/random_stream.hpp>

#include <gtest/gtest.h>
#include <map>
#include <numeric>
#include <set>
#include "runs.hpp"

using namespace sched_tests;
using heddle::policy::random_stream;

namespace {

using sched_tests::time;  // in here, where it hides time()

struct shape {
    bool io = false;
    bool locks = false;
    bool yields = false;
    bool pinned = false;
    bool wide = false;
};

workload random_load(std::uint64_t seed, int cpus, const shape& with) {
    random_stream random(seed);
    workload w;
    w.locks = {"L", "M"};
    const std::uint64_t count = 1 + random.below(12);
    for (std::uint64_t i = 0; i < count; ++i) {
        task_spec t =
            task("P" + std::to_string(i), static_cast<std::int64_t>(random.below(40)),
                 static_cast<std::int64_t>(1 + random.below(20)), static_cast<int>(random.below(4)));
        t.nice = static_cast<int>(random.below(10)) - 5;
        t.deadline = duration(static_cast<std::int64_t>(5 + random.below(100)));
        t.kind = static_cast<heddle::policy::task_class>(random.below(3));
        const auto more = [&](step_kind kind, std::int64_t length, std::uint32_t lock = 0) {
            t.steps.push_back({kind, duration(length), lock});
        };
        for (std::uint64_t n = random.below(4); n > 0; --n) {
            if (with.io) more(step_kind::wait, static_cast<std::int64_t>(random.below(15)));
            more(step_kind::compute, static_cast<std::int64_t>(random.below(10)));
            if (with.yields) more(step_kind::yield, 0);
            if (with.locks) {
                // Always in this order, so that nobody waits for ever.
                more(step_kind::lock, 0, 0);
                more(step_kind::compute, static_cast<std::int64_t>(1 + random.below(6)));
                if (random.below(2) == 0) {
                    more(step_kind::lock, 0, 1);
                    more(step_kind::compute, 2);
                    more(step_kind::unlock, 0, 1);
                }
                more(step_kind::unlock, 0, 0);
            }
        }
        if (with.pinned && random.below(2) == 0)
            t.cpus = {static_cast<int>(random.below(static_cast<std::uint64_t>(cpus)))};
        if (with.wide) t.width = static_cast<int>(1 + random.below(static_cast<std::uint64_t>(cpus)));
        w.tasks.push_back(t);
    }
    return w;
}

duration io_time(const task_spec& t) {
    duration sum{};
    for (const auto& s : t.steps)
        if (s.kind == step_kind::wait) sum += s.length;
    return sum;
}

void expect_sound(const workload& w, const simulation& s) {
    for (const auto& j : s.jobs) {
        const task_spec& t = w.tasks[j.task];
        ASSERT_TRUE(j.finished()) << t.name;
        EXPECT_EQ(j.cpu, t.cpu_time()) << t.name;
        EXPECT_EQ(j.io, io_time(t)) << t.name;
        EXPECT_EQ(j.waiting + j.blocked + j.cpu + j.io, j.turnaround()) << t.name;
        EXPECT_GE(j.waiting, duration::zero());
    }
    // Nobody is on two CPUs, and no CPU has two tasks; a wide one has as many as it is wide.
    std::map<std::uint32_t, duration> ran;
    for (const bool by_cpu : {false, true}) {
        std::map<std::uint32_t, std::vector<std::pair<time, time>>> lines;
        for (const auto& g : s.segments) {
            EXPECT_LE(g.begin, g.end);
            if (!by_cpu) ran[g.task] += g.end - g.begin;
            if (by_cpu || w.tasks[g.task].width == 1)
                lines[by_cpu ? g.cpu : g.task].push_back({g.begin, g.end});
        }
        for (auto& [key, spans] : lines) {
            std::sort(spans.begin(), spans.end());
            for (std::size_t i = 1; i < spans.size(); ++i)
                EXPECT_LE(spans[i - 1].second, spans[i].first) << (by_cpu ? "CPU " : "task ") << key;
        }
    }
    for (std::uint32_t i = 0; i < w.tasks.size(); ++i)
        EXPECT_EQ(ran[i], w.tasks[i].cpu_time() * w.tasks[i].width) << w.tasks[i].name;
}

// No CPU is idle while somebody is ready who may run there: of loads on one queue without pins and switches.
void expect_work_conserved(const workload& w, const simulation& s, int cpus) {
    std::map<time, int> running;
    for (const auto& g : s.segments) {
        ++running[g.begin];
        --running[g.end];
    }
    duration waited{}, possible{};
    for (const auto& j : s.jobs) waited += j.waiting;
    // Ready time can only pass while all CPUs run, and then for no more than all the others.
    int now = 0;
    time from{};
    for (const auto& [at_time, change] : running) {
        if (now == cpus) possible += (at_time - from) * (static_cast<std::int64_t>(w.tasks.size()) - cpus);
        now += change;
        from = at_time;
    }
    EXPECT_LE(waited, possible);
    EXPECT_LE(now, cpus);
}

// Follows what the tasks do, event by event. No CPU is idle while somebody is ready who may run there; one
// that needs several CPUs may not run where there are too few, and nobody passes it.
class watcher {
 public:
    watcher(const workload& w, int cpus)
        : work_(w),
          states_(w.tasks.size()),
          on_(w.tasks.size()),
          idle_(cpus) {}

    void watch(const simulation& s) {
        for (std::size_t i = 0; i < s.events.size(); ++i) {
            follow(s.events, i);
            const bool instant_over = i + 1 == s.events.size() || s.events[i + 1].at != s.events[i].at;
            if (instant_over) look(s.events[i].at);
        }
    }

 private:
    enum class doing { nothing, ready, running };

    void follow(const std::vector<heddle::sched::event>& events, std::size_t i) {
        using kind = heddle::sched::event_kind;
        const auto& e = events[i];
        switch (e.kind) {
            case kind::runs:
                become(e.task, doing::running);
                on_[e.task] = e.cpu;
                return;
            case kind::arrives:
            case kind::wakes:
            case kind::expires:
            case kind::preempted:
            case kind::yields:
                become(e.task, doing::ready);
                return;
            case kind::gets_lock:  // at once, or when another gives it up
                if (states_[e.task] == doing::nothing) become(e.task, doing::ready);
                return;
            case kind::wants_lock:
                if (events[i + 1].kind != kind::gets_lock || events[i + 1].task != e.task)
                    become(e.task, doing::nothing);
                return;
            case kind::waits:
            case kind::finishes:
            case kind::dropped:
                become(e.task, doing::nothing);
                return;
            default:
                return;
        }
    }

    void become(std::uint32_t task, doing what) {
        const int width = work_.tasks[task].width;
        idle_ += ((states_[task] == doing::running) - (what == doing::running)) * width;
        states_[task] = what;
    }

    void look(time now) const {
        if (idle_ == 0) return;
        std::set<std::uint32_t> busy;
        bool too_wide = false;
        for (std::uint32_t i = 0; i < states_.size(); ++i) {
            if (states_[i] == doing::running) busy.insert(on_[i]);
            too_wide = too_wide || (states_[i] == doing::ready && work_.tasks[i].width > idle_);
        }
        if (too_wide) return;
        for (std::uint32_t i = 0; i < states_.size(); ++i) {
            if (states_[i] != doing::ready) continue;
            const auto& allowed = work_.tasks[i].cpus;
            const bool nowhere =
                !allowed.empty() && busy.contains(static_cast<std::uint32_t>(allowed.front()));
            EXPECT_TRUE(nowhere) << work_.tasks[i].name << " waits at " << now.time_since_epoch().count();
        }
    }

    const workload& work_;
    std::vector<doing> states_;
    std::vector<std::uint32_t> on_;
    int idle_;
};

const char* const all_policies[] = {"fcfs",
                                    "sjf",
                                    "srtf",
                                    "rr 3",
                                    "priority preemptive",
                                    "priority age=7",
                                    "mlfq 2 boost=30",
                                    "mlq",
                                    "lottery 2",
                                    "stride 2",
                                    "fair 2",
                                    "edf",
                                    "rm",
                                    "random 2",
                                    "linux rr=5 slice=2 server=1 period=10"};

std::string everything(const simulation& s) {
    std::string text;
    for (const auto& g : s.segments)
        text += std::to_string(g.task) + "/" + std::to_string(g.cpu) + " " +
                std::to_string(g.begin.time_since_epoch().count()) + " " +
                std::to_string(g.end.time_since_epoch().count()) + "\n";
    for (const auto& e : s.events)
        text += std::to_string(e.at.time_since_epoch().count()) + " " +
                std::to_string(static_cast<int>(e.kind)) + " " + std::to_string(e.task) + " " +
                std::to_string(e.other) + "\n";
    return text;
}

}  // namespace

TEST(properties, time_adds_up_and_nobody_is_in_two_places) {
    for (const char* const policy : all_policies)
        for (std::uint64_t seed = 1; seed <= 30; ++seed) {
            SCOPED_TRACE(std::string(policy) + ", seed " + std::to_string(seed));
            const int cpus = static_cast<int>(1 + seed % 4);
            const shape with{.io = seed % 2 == 0, .locks = seed % 3 == 0, .yields = seed % 5 == 0};
            const auto w = random_load(seed, cpus, with);
            const auto s = simulate(w, make_policy(policy), {.cpus = cpus, .inheritance = seed % 6 == 0});
            expect_sound(w, s);
            expect_work_conserved(w, s, cpus);
            EXPECT_TRUE(s.stuck.empty());
        }
}

TEST(properties, and_with_a_queue_for_each_cpu_pins_switches_and_wide_tasks) {
    for (const char* const policy : all_policies)
        for (std::uint64_t seed = 1; seed <= 30; ++seed) {
            SCOPED_TRACE(std::string(policy) + ", seed " + std::to_string(seed));
            const int cpus = static_cast<int>(2 + seed % 3);
            const auto w = random_load(seed, cpus, {.io = true, .locks = seed % 3 == 0, .pinned = true});
            for (const bool per_cpu : {false, true}) {
                simulation_options o{.cpus = cpus, .queue_per_cpu = per_cpu, .stealing = seed % 2 == 0};
                o.switch_cost = duration(static_cast<std::int64_t>(seed % 3));
                o.cooperative = seed % 5 == 0;
                const auto s = simulate(w, make_policy(policy), o);
                expect_sound(w, s);
                for (const auto& g : s.segments) {
                    const auto& allowed = w.tasks[g.task].cpus;
                    EXPECT_TRUE(allowed.empty() || allowed.front() == static_cast<int>(g.cpu));
                }
            }
            const auto wide = random_load(seed, cpus, {.io = true, .wide = true});
            expect_sound(wide, simulate(wide, make_policy(policy), {.cpus = cpus}));
        }
}

TEST(properties, no_cpu_is_idle_while_somebody_is_ready_who_may_run_there) {
    for (const char* const policy : all_policies)
        for (std::uint64_t seed = 1; seed <= 60; ++seed) {
            SCOPED_TRACE(std::string(policy) + ", seed " + std::to_string(seed));
            const int cpus = static_cast<int>(1 + seed % 4);
            const shape with{
                .io = true, .locks = seed % 3 == 0, .yields = seed % 4 == 0, .pinned = seed % 2 == 0};
            const auto w = random_load(seed, cpus, with);
            simulation_options o{.cpus = cpus, .inheritance = seed % 5 == 0};
            o.cooperative = seed % 7 == 0;
            watcher(w, cpus).watch(simulate(w, make_policy(policy), o));
            o.queue_per_cpu = o.stealing = true;
            watcher(w, cpus).watch(simulate(w, make_policy(policy), o));
            const auto wide = random_load(seed, cpus, {.io = true, .wide = true});
            watcher(wide, cpus).watch(simulate(wide, make_policy(policy), {.cpus = cpus}));
        }
}

TEST(properties, the_same_twice) {
    for (const char* const policy : all_policies) {
        const auto w = random_load(5, 3, {.io = true, .locks = true, .yields = true});
        EXPECT_EQ(everything(simulate(w, make_policy(policy), {.cpus = 3})),
                  everything(simulate(w, make_policy(policy), {.cpus = 3})))
            << policy;
    }
}

TEST(properties, no_policy_waits_less_than_shortest_remaining_time) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const auto w = random_load(seed, 1, {});
        const auto mean = [&](const char* policy) {
            return summarise(w, simulate(w, make_policy(policy))).all.waiting.mean;
        };
        const double least = mean("srtf");
        for (const char* const policy : all_policies)
            EXPECT_LE(least, mean(policy) + 1e-9) << policy << " seed " << seed;
    }
}

TEST(properties, earliest_deadline_first_meets_all_deadlines_exactly_if_there_is_time_enough) {
    const std::int64_t periods[] = {4, 5, 6, 8, 10, 12, 15, 20, 24, 30};
    int met = 0, missed = 0;
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        random_stream random(seed);
        std::vector<task_spec> set;
        std::int64_t needed = 0;  // in 120, which all periods divide
        for (std::uint64_t n = 2 + random.below(4); n > 0; --n) {
            const std::int64_t period = periods[random.below(std::size(periods))];
            const auto burst =
                static_cast<std::int64_t>(1 + random.below(static_cast<std::uint64_t>(period) / 2));
            set.push_back(periodic("P" + std::to_string(n), burst, period));
            needed += burst * (120 / period);
        }
        const auto w = tasks(set);
        const auto s = simulate(w, make_policy("edf"), {.until = at(1200)});
        const auto late = summarise(w, s).all.missed;
        if (needed <= 120) {
            EXPECT_EQ(late, 0u) << "seed " << seed;
            ++met;
        } else {
            EXPECT_GT(late, 0u) << "seed " << seed;
            ++missed;
        }
    }
    EXPECT_GT(met, 30);
    EXPECT_GT(missed, 30);
}

TEST(properties, rate_monotonic_meets_deadlines_up_to_its_bound) {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        random_stream random(seed);
        std::vector<task_spec> set;
        double load = 0;
        for (int n = 0; n < 3; ++n) {
            const auto period = static_cast<std::int64_t>(10 + random.below(50));
            const auto burst =
                static_cast<std::int64_t>(1 + random.below(static_cast<std::uint64_t>(period) / 3));
            set.push_back(periodic("P" + std::to_string(n), burst, period));
            load += static_cast<double>(burst) / static_cast<double>(period);
        }
        if (load > 0.7797) continue;  // 3 (2^(1/3) − 1)
        const auto w = tasks(set);
        EXPECT_EQ(summarise(w, simulate(w, make_policy("rm"), {.until = at(5000)})).all.missed, 0u) << seed;
    }
}
