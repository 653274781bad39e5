// SPDX-License-Identifier: BSL-1.0
// How fast the simulator is: events are arrivals, starts, ends of quanta and so on (simulation::event_count).
#include <benchmark/benchmark.h>
#include <heddle/policy/random_stream.hpp>
#include <heddle/sched/simulate.hpp>

namespace {

using namespace heddle::sched;
using heddle::sched::time;  // in here, where it hides time()

workload load(std::size_t jobs, std::int64_t burst, std::int64_t apart, int widest) {
    heddle::policy::random_stream random(1);
    workload w;
    std::int64_t now = 0;
    for (std::size_t i = 0; i < jobs; ++i) {
        now += static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * apart)));
        task_spec t;
        t.arrival = time(duration(now));
        t.steps = {
            {step_kind::compute,
             duration(1 + static_cast<std::int64_t>(random.below(static_cast<std::uint64_t>(2 * burst)))),
             0}};
        t.width = widest == 1 ? 1 : static_cast<int>(1 + random.below(static_cast<std::uint64_t>(widest)));
        w.tasks.push_back(std::move(t));
    }
    return w;
}

void simulate_on_one_cpu(benchmark::State& state, const char* policy) {
    const workload w = load(100'000, 100, 120, 1);
    std::uint64_t events = 0;
    for (auto _ : state)
        events += simulate(w, heddle::policy::make_policy(policy), {.record = false}).event_count;
    state.SetItemsProcessed(static_cast<std::int64_t>(events));
}
BENCHMARK_CAPTURE(simulate_on_one_cpu, fcfs, "fcfs");
BENCHMARK_CAPTURE(simulate_on_one_cpu, round_robin, "rr 10");
BENCHMARK_CAPTURE(simulate_on_one_cpu, shortest_remaining_time, "srtf");
BENCHMARK_CAPTURE(simulate_on_one_cpu, multilevel_feedback, "mlfq 10");
BENCHMARK_CAPTURE(simulate_on_one_cpu, fair_share, "fair 10");

// A log of a parallel machine: jobs of up to 64 of 256 CPUs, and a queue that gets long.
void a_million_wide_jobs(benchmark::State& state) {
    const workload w = load(1'000'000, 4000, 520, 64);
    std::uint64_t events = 0;
    for (auto _ : state)
        events +=
            simulate(w, heddle::policy::make_policy("fcfs"), {.cpus = 256, .record = false}).event_count;
    state.SetItemsProcessed(static_cast<std::int64_t>(events));
}
BENCHMARK(a_million_wide_jobs)->Unit(benchmark::kMillisecond);

}  // namespace
