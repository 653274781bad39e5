// SPDX-License-Identifier: BSL-1.0
#include "kernel_scheduling.hpp"

#include <sched.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <policy/duration_text.hpp>
#include <sched/lines.hpp>

#include "../usage_error.hpp"

namespace heddle::inline v0::cli {

namespace {

using sched::task_class;

// As in the kernel's uapi/linux/sched/types.h, which does not go together with libc's sched.h.
struct sched_attributes {
    std::uint32_t size = sizeof(sched_attributes);
    std::uint32_t policy = 0;
    std::uint64_t flags = 0;
    std::int32_t nice = 0;
    std::uint32_t priority = 0;
    std::uint64_t runtime = 0;
    std::uint64_t deadline = 0;
    std::uint64_t period = 0;
};
constexpr std::uint32_t policy_deadline = 6;
constexpr std::uint64_t flag_reset_on_fork = 1;

std::uint32_t policy_of(task_class kind) {
    switch (kind) {
        case task_class::fifo:
            return SCHED_FIFO;
        case task_class::round_robin:
            return SCHED_RR;
        case task_class::batch:
            return SCHED_BATCH;
        case task_class::idle:
            return SCHED_IDLE;
        case task_class::deadline:
            return policy_deadline;
        default:
            return SCHED_OTHER;
    }
}

task_class kind_of(std::uint32_t policy) {
    for (const task_class k : {task_class::fifo, task_class::round_robin, task_class::batch, task_class::idle,
                               task_class::deadline})
        if (policy_of(k) == policy) return k;
    return task_class::fair;
}

bool is_real_time(task_class kind) {
    return kind == task_class::fifo || kind == task_class::round_robin;
}

}  // namespace

const char* class_name(task_class kind) {
    switch (kind) {
        case task_class::fifo:
            return "FF";
        case task_class::round_robin:
            return "RR";
        case task_class::batch:
            return "B";
        case task_class::idle:
            return "IDL";
        case task_class::deadline:
            return "DLN";
        default:
            return "TS";
    }
}

bool read_attributes(int tid, kernel_attributes& a) {
    sched_attributes raw;
    if (::syscall(SYS_sched_getattr, tid, &raw, sizeof raw, 0) != 0) return false;
    a.kind = kind_of(raw.policy);
    a.nice = raw.nice;
    a.priority = static_cast<int>(raw.priority);
    a.slice = raw.runtime;
    a.period = raw.period;
    a.reset_on_fork = (raw.flags & flag_reset_on_fork) != 0;
    return true;
}

bool write_attributes(int tid, const kernel_attributes& a) {
    sched_attributes raw;
    raw.policy = policy_of(a.kind);
    if (a.reset_on_fork) raw.flags = flag_reset_on_fork;
    if (is_real_time(a.kind)) raw.priority = static_cast<std::uint32_t>(a.priority);
    if (a.kind == task_class::fair || a.kind == task_class::batch) {
        raw.nice = a.nice;
        raw.runtime = a.slice;
    }
    return ::syscall(SYS_sched_setattr, tid, &raw, 0) == 0;
}

bool change_attributes(int tid, const kernel_attributes& from, const kernel_attributes& to) {
    if (to.sets_slice) return write_attributes(tid, to);
    // The nice value first: if it is refused, nothing has changed.
    if (to.nice != from.nice && ::setpriority(PRIO_PROCESS, static_cast<id_t>(tid), to.nice) != 0)
        return false;
    if (to.kind == from.kind && to.priority == from.priority) return true;
    sched_param how{};
    if (is_real_time(to.kind)) how.sched_priority = to.priority;
    const int flags = to.reset_on_fork ? SCHED_RESET_ON_FORK : 0;
    return ::sched_setscheduler(tid, static_cast<int>(policy_of(to.kind)) | flags, &how) == 0;
}

kernel_attributes attributes_from(const std::string& words, kernel_attributes now) {
    const std::size_t colon = words.find(':');
    const std::string name = words.substr(0, colon);
    const std::string rest = colon == std::string::npos ? "" : words.substr(colon + 1);
    const auto number = [&](int least, int most, int otherwise) {
        if (rest.empty()) return otherwise;
        const auto n = sched::number_in<int>(rest);
        if (!n || *n < least || *n > most)
            throw usage_error("'" + rest + "' is not a number from " + std::to_string(least) + " to " +
                              std::to_string(most) + "; " + name + " takes one");
        return *n;
    };
    if (name == "fifo" || name == "rr") {
        now.kind = name == "rr" ? task_class::round_robin : task_class::fifo;
        now.priority = number(1, 99, 1);
    } else if (name == "other" || name == "batch") {
        now.kind = name == "batch" ? task_class::batch : task_class::fair;
        now.nice = number(-20, 19, now.nice);
    } else if (name == "idle") {
        now.kind = task_class::idle;
    } else if (name == "slice") {
        const policy::duration_text d = policy::duration_from(rest);
        if (d.fault != policy::duration_fault::none || !d.has_unit || d.value.count() < 100'000 ||
            d.value.count() > 100'000'000)
            throw usage_error("'" + rest + "' is not a slice; give one from 0.1ms to 100ms");
        if (now.kind != task_class::fair && now.kind != task_class::batch)
            throw usage_error("only tasks of the classes other and batch have a slice");
        now.slice = static_cast<std::uint64_t>(d.value.count());
        now.sets_slice = true;
    } else {
        throw usage_error(
            "'" + words +
            "' is not a class; there are fifo:N, rr:N, other:NICE, batch:NICE, idle and slice:TIME");
    }
    return now;
}

}  // namespace heddle::inline v0::cli
