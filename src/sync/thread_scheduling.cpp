// SPDX-License-Identifier: BSL-1.0
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <cerrno>
#include <cstdint>
#include <heddle/rt/error.hpp>
#include <heddle/sync/thread_scheduling.hpp>
#include <new>
#include <stdexcept>
#include <string>

namespace heddle::inline v0::detail {

namespace {

// As the kernel has it (sched_setattr(2)); libc has no declaration before glibc 2.41. The first version of
// it, which every kernel takes.
struct kernel_attributes {
    std::uint32_t size;
    std::uint32_t policy;
    std::uint64_t flags;
    std::int32_t nice;
    std::uint32_t priority;
    std::uint64_t runtime;
    std::uint64_t deadline;
    std::uint64_t period;
};
static_assert(sizeof(kernel_attributes) == 48);

constexpr int policy_deadline = 6;

struct named_class {
    scheduling_class kind;
    int policy;
    const char* name;
};
constexpr named_class classes[] = {
    {scheduling_class::normal, SCHED_OTHER, "normal"},
    {scheduling_class::batch, SCHED_BATCH, "batch"},
    {scheduling_class::idle, SCHED_IDLE, "idle"},
    {scheduling_class::fifo, SCHED_FIFO, "fifo"},
    {scheduling_class::round_robin, SCHED_RR, "round_robin"},
    {scheduling_class::deadline, policy_deadline, "deadline"},
};

const named_class& entry(scheduling_class kind) {
    for (const auto& c : classes)
        if (c.kind == kind) return c;
    throw std::invalid_argument("no such scheduling class");
}

bool is_realtime(scheduling_class kind) noexcept {
    return kind == scheduling_class::fifo || kind == scheduling_class::round_robin;
}

bool has_nice(scheduling_class kind) noexcept {
    return kind == scheduling_class::normal || kind == scheduling_class::batch;
}

std::string thread_text(pid_t id) {
    return id == 0 ? "the calling thread" : "thread " + std::to_string(id);
}

[[noreturn]] void refuse(int error, pid_t id, const thread_scheduling& how) {
    std::string what = std::string("scheduling class ") + entry(how.kind).name;
    if (is_realtime(how.kind)) what += " with priority " + std::to_string(how.priority);
    if (has_nice(how.kind)) what += " with nice " + std::to_string(how.nice);
    what += " for " + thread_text(id);
    if (error == EPERM) {
        if (is_realtime(how.kind))
            what += " (needs CAP_SYS_NICE, or a limit RLIMIT_RTPRIO of at least " +
                    std::to_string(how.priority) +
                    "; and a control group with time for real-time threads, cpu.rt_runtime_us)";
        else if (how.kind == scheduling_class::deadline)
            what += " (needs CAP_SYS_NICE, and a thread that may run on all CPUs)";
        else
            what += " (to be less nice needs CAP_SYS_NICE, or a limit RLIMIT_NICE of at least " +
                    std::to_string(20 - how.nice) + ")";
    }
    if (error == EBUSY) what += " (there is not that much time left on the CPUs)";
    throw_system_error(error, what);
}

void check(const thread_scheduling& how) {
    const auto wrong = [](const char* text) { throw std::invalid_argument(text); };
    if (is_realtime(how.kind) ? how.priority < 1 || how.priority > 99 : how.priority != 0)
        wrong("a priority is 1 to 99 for the classes fifo and round_robin, and 0 for the others");
    if (how.nice < -20 || how.nice > 19) wrong("nice is -20 to 19");
    if (how.nice != 0 && !has_nice(how.kind)) wrong("only the classes normal and batch have a nice value");
    const bool times = how.due.count() != 0 || how.period.count() != 0;
    if (how.kind != scheduling_class::deadline && times)
        wrong("only the class deadline is due, and has a period");
    if (how.kind == scheduling_class::deadline && (how.runtime.count() <= 0 || how.due < how.runtime))
        wrong("the class deadline needs a runtime, and to be due no sooner than that");
    if (how.runtime.count() != 0 && how.kind != scheduling_class::deadline && !has_nice(how.kind))
        wrong("only the classes normal, batch and deadline have a runtime");
    if (how.runtime.count() < 0 || how.period.count() < 0) wrong("a time is negative");
}

cpu_set_t* allocate(std::size_t cpus) {
    cpu_set_t* const set = CPU_ALLOC(cpus);
    if (set == nullptr) throw std::bad_alloc();
    CPU_ZERO_S(CPU_ALLOC_SIZE(cpus), set);
    return set;
}

}  // namespace

void set_scheduling(pid_t native_id, const thread_scheduling& how) {
    check(how);
    kernel_attributes a{};
    a.size = sizeof a;
    a.policy = static_cast<std::uint32_t>(entry(how.kind).policy);
    a.nice = how.nice;
    a.priority = static_cast<std::uint32_t>(how.priority);
    a.runtime = static_cast<std::uint64_t>(how.runtime.count());
    a.deadline = static_cast<std::uint64_t>(how.due.count());
    a.period = static_cast<std::uint64_t>(how.period.count());
    if (::syscall(SYS_sched_setattr, native_id, &a, 0) != 0) refuse(errno, native_id, how);
}

thread_scheduling scheduling_of(pid_t native_id) {
    kernel_attributes a{};
    if (::syscall(SYS_sched_getattr, native_id, &a, sizeof a, 0) != 0)
        throw_system_error(errno, "the scheduling of " + thread_text(native_id));
    thread_scheduling how;
    bool known = false;
    for (const auto& c : classes)
        if (c.policy == static_cast<int>(a.policy)) {
            how.kind = c.kind;
            known = true;
        }
    if (!known)
        throw error(thread_text(native_id) +
                    " is in a scheduling class of its own: " + std::to_string(a.policy));
    if (has_nice(how.kind)) how.nice = a.nice;
    if (is_realtime(how.kind)) how.priority = static_cast<int>(a.priority);
    if (how.kind == scheduling_class::deadline || has_nice(how.kind))
        how.runtime = std::chrono::nanoseconds(static_cast<std::int64_t>(a.runtime));
    if (how.kind == scheduling_class::deadline) {
        how.due = std::chrono::nanoseconds(static_cast<std::int64_t>(a.deadline));
        how.period = std::chrono::nanoseconds(static_cast<std::int64_t>(a.period));
    }
    return how;
}

void set_priority(pid_t native_id, int priority) {
    thread_scheduling how = scheduling_of(native_id);
    if (has_nice(how.kind))
        how.nice = priority;
    else if (is_realtime(how.kind))
        how.priority = priority;
    else
        throw std::invalid_argument(std::string("threads of the class ") + entry(how.kind).name +
                                    " have no priority");
    set_scheduling(native_id, how);
}

void set_cpus(pid_t native_id, const std::vector<unsigned>& cpus) {
    if (cpus.empty()) throw std::invalid_argument("a thread needs a CPU to run on");
    unsigned most = 0;
    for (const unsigned cpu : cpus) most = cpu > most ? cpu : most;
    constexpr unsigned more_than_there_are = 1U << 20;
    if (most >= more_than_there_are) throw_system_error(EINVAL, "CPU " + std::to_string(most));
    cpu_set_t* const set = allocate(most + 1);
    const std::size_t size = CPU_ALLOC_SIZE(most + 1);
    for (const unsigned cpu : cpus) CPU_SET_S(cpu, size, set);
    const int result = ::sched_setaffinity(native_id, size, set);
    const int error = errno;
    CPU_FREE(set);
    if (result == 0) return;
    std::string what = "CPUs";
    for (const unsigned cpu : cpus) what += " " + std::to_string(cpu);
    what += " for " + thread_text(native_id);
    if (error == EINVAL) what += " (none of them is there for this process)";
    throw_system_error(error, what);
}

std::vector<unsigned> cpus_of(pid_t native_id) {
    for (std::size_t most = 1024;; most *= 2) {
        cpu_set_t* const set = allocate(most);
        const std::size_t size = CPU_ALLOC_SIZE(most);
        const int result = ::sched_getaffinity(native_id, size, set);
        const int error = errno;
        std::vector<unsigned> cpus;
        if (result == 0)
            for (unsigned cpu = 0; cpu < most; ++cpu)
                if (CPU_ISSET_S(cpu, size, set)) cpus.push_back(cpu);
        CPU_FREE(set);
        if (result == 0) return cpus;
        // The kernel has more than that.
        if (error != EINVAL || most > (std::size_t{1} << 20))
            throw_system_error(error, "the CPUs of " + thread_text(native_id));
    }
}

}  // namespace heddle::inline v0::detail
