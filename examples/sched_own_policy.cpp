// SPDX-License-Identifier: BSL-1.0
// A policy of one's own, simulated next to one of the library's: who has waited longest, compared with what
// it needs, is next (highest response ratio next). Long tasks cannot starve: the ratio grows while they wait.
#include <cstdio>
#include <heddle/policy/shortest_job_next.hpp>
#include <heddle/sched/simulate.hpp>
#include <heddle/sched/statistics.hpp>
#include <map>

namespace policy = heddle::policy;
namespace sched = heddle::sched;

struct highest_response_ratio {
    using id_type = std::uint64_t;
    std::map<id_type, policy::task_info<>> ready, running;

    void arrive(const policy::task_info<>& task, policy::time) { ready[task.id] = task; }
    std::optional<id_type> pick(policy::time now) {
        const auto ratio = [&](const policy::task_info<>& t) {
            return static_cast<double>((now - t.arrival).count()) / static_cast<double>(t.burst->count());
        };
        auto best = ready.begin();
        for (auto at = ready.begin(); at != ready.end(); ++at)
            if (ratio(at->second) > ratio(best->second)) best = at;
        if (best == ready.end()) return std::nullopt;
        const id_type id = best->first;
        running.insert(ready.extract(best));
        return id;
    }
    policy::duration slice(id_type, policy::duration, policy::time) const { return policy::unlimited; }
    bool preempts(id_type, policy::duration, policy::time) const { return false; }
    void ran(id_type id, policy::duration, policy::stop_reason why, policy::time) {
        auto task = running.extract(id);
        if (policy::still_ready(why)) ready.insert(std::move(task));
    }
    void leave(id_type id, policy::time) { ready.erase(id), running.erase(id); }
};
static_assert(policy::scheduling_policy<highest_response_ratio>);

int main() {
    sched::workload work;
    const auto add = [&](const char* name, int arrival, int burst) {
        work.tasks.push_back({.name = name, .arrival = sched::time(sched::duration(arrival))});
        work.tasks.back().steps = {{sched::step_kind::compute, sched::duration(burst), 0}};
    };
    add("long", 0, 30);
    for (int n = 0; n < 12; ++n) add("short", n * 8, 9);
    const auto print = [&](const char* name, const policy::any_policy& p) {
        const sched::simulation run = sched::simulate(work, p);
        const sched::statistics numbers = sched::summarise(work, run);
        std::printf("%s: mean wait %.1f, longest %ld\n", name, numbers.all.waiting.mean,
                    static_cast<long>(numbers.all.waiting.most.count()));
    };
    print("highest response ratio", highest_response_ratio());
    print("shortest job next", policy::shortest_job_next());
}
