// SPDX-License-Identifier: BSL-1.0
#include "real_run.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <heddle/rt/clock.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <map>
#include <sched/lines.hpp>
#include <sched/trace.hpp>
#include <set>

#include "../usage_error.hpp"
#include "child_processes.hpp"
#include "kernel_scheduling.hpp"
#include "kernel_trace.hpp"

namespace heddle::inline v0::cli {

namespace {

using sched::duration;
using sched::step_kind;
using clock = rt::clock;

// The last n of the CPUs that this process may use: the first has most of a machine's interrupts.
std::vector<int> cpus_for(int n) {
    cpu_set_t allowed;
    CPU_ZERO(&allowed);
    ::sched_getaffinity(0, sizeof allowed, &allowed);
    std::vector<int> all;
    for (int cpu = CPU_SETSIZE; cpu-- > 0 && all.size() < static_cast<std::size_t>(n);)
        if (CPU_ISSET(static_cast<std::size_t>(cpu), &allowed)) all.push_back(cpu);
    if (all.size() < static_cast<std::size_t>(n))
        throw usage_error("this process may use only " + std::to_string(all.size()) +
                          " CPUs; give --cpus fewer");
    return all;
}

bool pin(const std::vector<int>& cpus) {
    cpu_set_t set;
    CPU_ZERO(&set);
    for (const int cpu : cpus) CPU_SET(static_cast<std::size_t>(cpu), &set);
    return ::sched_setaffinity(0, sizeof set, &set) == 0;
}

void compute(duration length) {
    const auto end = rt::thread_cpu_time() + length;
    while (rt::thread_cpu_time() < end)
        for (int i = 0; i < 500; ++i) asm volatile("" ::: "memory");
}

// Tasks that come together come in their order: timers that end at the same moment may end in any. A moment
// apart is enough, and too little to be seen.
std::vector<duration> moments_apart(const sched::workload& w) {
    constexpr duration most = std::chrono::microseconds(100), all = std::chrono::milliseconds(2);
    const duration apart = std::min(most, all / static_cast<std::int64_t>(w.tasks.size()));
    std::map<sched::time, int> before;
    std::vector<duration> moments;
    for (const sched::task_spec& t : w.tasks) moments.push_back(before[t.arrival]++ * apart);
    return moments;
}

// In the child: everything is prepared, then it waits for the common beginning.
[[noreturn]] void be_task(const sched::task_spec& t, const std::vector<int>& cpus, clock::time_point begin,
                          std::uint64_t slice) {
    ::prctl(PR_SET_TIMERSLACK, 1UL);
    kernel_attributes how;
    how.kind = t.kind;
    how.nice = t.nice;
    how.priority = std::clamp(t.priority, 1, 99);
    how.slice = slice;
    std::vector<int> mine;
    for (const int n : t.cpus)
        if (n >= 0 && static_cast<std::size_t>(n) < cpus.size())
            mine.push_back(cpus[static_cast<std::size_t>(n)]);
    if (!pin(mine.empty() ? cpus : mine) || !write_attributes(0, how)) ::_exit(3);
    rt::sleep_until(begin + t.arrival.time_since_epoch());
    for (const sched::step& s : t.steps) {
        if (s.kind == step_kind::compute) compute(s.length);
        if (s.kind == step_kind::wait) rt::sleep_for(s.length);
        if (s.kind == step_kind::yield) ::sched_yield();
    }
    ::_exit(0);
}

// The processes that a trace says were forked by those in the set, and by theirs.
void add_descendants(std::string_view text, std::set<int>& pids) {
    sched::lines all(text, "trace");
    for (std::string_view line; all.next(line);) {
        if (line.find("sched_process_fork: ") == std::string_view::npos) continue;
        const auto value = [&](std::string_view key) {
            const std::size_t at = line.rfind(key);
            if (at == std::string_view::npos) return -1;
            const std::string_view rest = line.substr(at + key.size());
            return sched::number_in<int>(rest.substr(0, rest.find(' '))).value_or(-1);
        };
        const std::size_t parent = line.find(" pid=");
        if (parent == std::string_view::npos) continue;
        const std::string_view rest = line.substr(parent + 5);
        const auto pid = sched::number_in<int>(rest.substr(0, rest.find(' ')));
        if (pid && pids.contains(*pid)) pids.insert(value("child_pid="));
    }
}

// What of a trace concerns the tasks, from `origin` on; the positions of CPUs take the place of their
// numbers.
void take_spans(const sched::trace& t, const std::map<int, std::uint32_t>& task_of,
                const std::vector<int>& cpus, std::int64_t origin, real_run& result) {
    const auto place_of = [&](std::uint32_t cpu) {
        const auto at = std::find(cpus.begin(), cpus.end(), static_cast<int>(cpu));
        return at == cpus.end() ? -1 : static_cast<int>(at - cpus.begin());
    };
    sched::simulation& s = result.run;
    s.cpus = static_cast<int>(cpus.size());
    s.jobs.resize(result.work.tasks.size());
    for (std::uint32_t i = 0; i < s.jobs.size(); ++i) {
        s.jobs[i].task = i;
        s.jobs[i].arrival = result.work.tasks[i].arrival;
    }
    std::int64_t end = origin;
    for (const sched::traced_task& task : t.tasks) {
        const auto mine = task_of.find(task.pid);
        if (mine == task_of.end()) continue;
        for (const auto& span : task.spans) {
            if (span.end <= origin) continue;
            const sched::time from(duration(std::max<std::int64_t>(0, span.begin - origin))),
                to(duration(span.end - origin));
            s.segments.push_back(
                {mine->second, static_cast<std::uint32_t>(std::max(0, place_of(span.cpu))), from, to});
            sched::job_result& job = s.jobs[mine->second];
            // A moment on the CPU before its time is the end of being set up.
            if (to > job.arrival && job.first_run == sched::time::max())
                job.first_run = std::max(from, job.arrival);
            job.cpu += to - from;
            job.finish = to;
            s.busy += to - from;
            end = std::max(end, span.end);
        }
    }
    for (const sched::traced_task& task : t.tasks) {
        if (task_of.contains(task.pid)) continue;
        for (const auto& span : task.spans)
            if (place_of(span.cpu) >= 0)
                result.foreign +=
                    std::max<std::int64_t>(0, std::min(span.end, end) - std::max(span.begin, origin));
    }
    std::sort(s.segments.begin(), s.segments.end(),
              [](const auto& a, const auto& b) { return a.end < b.end; });
    for (sched::job_result& job : s.jobs) {
        for (const sched::step& step : result.work.tasks[job.task].steps)
            if (step.kind == step_kind::wait) job.io += step.length;
        if (job.finished()) job.waiting = std::max(duration::zero(), job.turnaround() - job.cpu - job.io);
    }
    s.end = sched::time(duration(end - origin));
    result.rebuilt = t.rebuilt;
}

void wait_for(const std::vector<::pid_t>& children, const held_signals& signals) {
    for (const int status : signals.wait_for(children, true))
        if (WIFEXITED(status) && WEXITSTATUS(status) == 3)
            throw usage_error("a task could not be given its class or CPU; that takes root or CAP_SYS_NICE");
}

// What the tasks had of the CPUs beyond what they were to compute: interrupts, and what the host of a virtual
// machine takes. Their own beginnings and ends are in it too.
std::int64_t overrun(const real_run& r) {
    std::int64_t sum = 0;
    for (const sched::job_result& j : r.run.jobs)
        sum += std::max<std::int64_t>(0, (j.cpu - r.work.tasks[j.task].cpu_time()).count());
    return sum;
}

}  // namespace

real_run run_workload(const sched::workload& w, int cpus, std::uint64_t slice) {
    if (w.unit != sched::time_unit::nanoseconds)
        throw usage_error(
            "--record runs for a real time: give the times of the workload a unit, such as 300ms");
    if (w.tasks.size() > 1000) throw usage_error("--record runs at most 1000 tasks");
    for (const sched::task_spec& t : w.tasks)
        if (t.period > duration::zero() || t.width > 1 || t.kind == sched::task_class::deadline ||
            std::any_of(t.steps.begin(), t.steps.end(),
                        [](const auto& s) { return s.kind == step_kind::lock; }))
            throw usage_error("--record runs tasks that compute, wait and yield; " + t.name +
                              " is periodic, wide, has a lock or a deadline class");
    const std::vector<int> on = cpus_for(cpus);
    const std::vector<duration> moments = moments_apart(w);
    const ::pid_t self = ::getpid();
    const held_signals signals;
    kernel_trace recorder;
    const clock::time_point begin = clock::now() + std::chrono::milliseconds(200);
    std::vector<::pid_t> children;
    std::map<int, std::uint32_t> task_of;
    for (std::uint32_t i = 0; i < w.tasks.size(); ++i) {
        const ::pid_t child = ::fork();
        if (child == 0) {
            signals.become_child(self);
            be_task(w.tasks[i], on, begin + moments[i], slice);
        }
        if (child < 0) {
            const int error = errno;
            for (const ::pid_t started : children) ::kill(started, SIGKILL);
            wait_for(children, signals);
            throw usage_error(std::string("cannot start a process: ") + std::strerror(error));
        }
        children.push_back(child);
        task_of[child] = i;
    }
    wait_for(children, signals);
    const std::string text = recorder.stop();
    real_run result;
    result.work = w;
    // The trace has the clock of rt::clock.
    take_spans(sched::parse_trace(text, "the kernel's trace"), task_of, on, begin.time_since_epoch().count(),
               result);
    result.stolen = overrun(result);
    return result;
}

real_run run_command(const std::vector<std::string>& command, int cpus) {
    const std::vector<int> on = cpus_for(cpus);
    int ready[2];
    if (::pipe2(ready, O_CLOEXEC) != 0)
        throw usage_error(std::string("cannot make a pipe: ") + std::strerror(errno));
    const ::pid_t self = ::getpid();
    const held_signals signals;
    kernel_trace recorder;
    const ::pid_t child = ::fork();
    if (child == 0) {
        signals.become_child(self);
        pin(on);
        std::vector<char*> arguments;
        for (const std::string& a : command) arguments.push_back(const_cast<char*>(a.c_str()));
        arguments.push_back(nullptr);
        ::execvp(arguments[0], arguments.data());
        const int error = errno;
        [[maybe_unused]] const auto told = ::write(ready[1], &error, sizeof error);
        ::_exit(127);
    }
    ::close(ready[1]);
    int error = 0;
    const bool failed = child < 0 || ::read(ready[0], &error, sizeof error) == sizeof error;
    ::close(ready[0]);
    if (child > 0) signals.wait_for({child}, false);
    if (failed) throw usage_error("cannot run " + command.front() + ": " + std::strerror(error));
    const std::string text = recorder.stop();
    std::set<int> pids{child};
    add_descendants(text, pids);
    sched::trace t = sched::parse_trace(text, "the kernel's trace");
    sched::trace own = t;
    std::erase_if(own.tasks, [&](const sched::traced_task& task) {
        return !pids.contains(task.pid) || task.spans.empty();
    });
    if (own.tasks.empty()) throw usage_error("the trace has nothing of " + command.front());
    own.begin = own.tasks.front().first_seen;
    for (const auto& task : own.tasks) own.begin = std::min(own.begin, task.first_seen);
    own.cpus = cpus;
    real_run result;
    result.work = sched::workload_of(own);
    std::map<int, std::uint32_t> task_of;
    for (std::uint32_t i = 0; i < own.tasks.size(); ++i) task_of[own.tasks[i].pid] = i;
    take_spans(t, task_of, on, own.begin, result);
    return result;
}

}  // namespace heddle::inline v0::cli
