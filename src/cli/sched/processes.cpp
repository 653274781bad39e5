// SPDX-License-Identifier: BSL-1.0
// The tasks of this machine: heddle sched --ps, --renice, --set.
#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sched/lines.hpp>
#include <sched/report.hpp>
#include <sstream>
#include <utility>

#include "../compare/progress.hpp"
#include "../usage_error.hpp"
#include "kernel_scheduling.hpp"
#include "output.hpp"
#include "sched_options.hpp"

namespace heddle::inline v0::cli {

namespace {

namespace fs = std::filesystem;

struct process {
    int pid = 0;
    int tid = 0;
    int shown_priority = 0;  // as ps has it: the larger, the sooner
    int cpu = 0;
    char state = '?';
    kernel_attributes how{};
    std::string command{};
};

// As far as it can be read: the task may end after its file was opened, and then reading it fails.
std::string content_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    std::ostringstream content;
    content << in.rdbuf();
    return std::move(content).str();
}

// proc(5): the name, in parentheses, may have blanks and parentheses.
bool read_process(const fs::path& folder, int pid, int tid, process& p) {
    const std::string stat = content_of(folder / "stat");
    const std::size_t open = stat.find('('), close = stat.rfind(')');
    if (open == std::string::npos || close == std::string::npos) return false;
    std::vector<std::string_view> fields;
    sched::split(std::string_view(stat).substr(close + 1), fields);
    if (fields.size() < 37) return false;
    p.pid = pid;
    p.tid = tid;
    p.state = fields[0][0];
    p.shown_priority = 39 - sched::number_in<int>(fields[15]).value_or(20);
    p.cpu = sched::number_in<int>(fields[36]).value_or(0);
    if (!read_attributes(tid, p.how)) return false;
    std::string line = content_of(folder / "cmdline");
    while (!line.empty() && line.back() == '\0') line.pop_back();
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
    p.command = line.empty() ? "[" + stat.substr(open + 1, close - open - 1) + "]" : line;
    return true;
}

// Tasks come and go while they are read: one that has gone is left out.
std::vector<process> all_processes() {
    std::vector<process> all;
    std::error_code gone;
    for (const fs::directory_entry& e : fs::directory_iterator("/proc", gone)) {
        const auto pid = sched::number_in<int>(e.path().filename().string());
        if (!pid) continue;
        std::error_code ended;
        for (fs::directory_iterator task(e.path() / "task", ended), end; !ended && task != end;
             task.increment(ended)) {
            process p;
            const auto tid = sched::number_in<int>(task->path().filename().string());
            if (tid && read_process(task->path(), *pid, *tid, p)) all.push_back(std::move(p));
        }
    }
    std::sort(all.begin(), all.end(), [](const process& a, const process& b) {
        return std::pair(a.pid, a.tid) < std::pair(b.pid, b.tid);
    });
    return all;
}

std::string dumped(const nlohmann::ordered_json& j) {
    return j.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace) + "\n";
}

std::string slice_text(const kernel_attributes& a) {
    if (a.kind == sched::task_class::round_robin) return "rr";
    if (a.slice == 0) return "-";
    return fmt::format("{:.3g} ms", static_cast<double>(a.slice) / 1e6);
}

int list(const sched_options& o) {
    const std::vector<process> all = all_processes();
    if (o.json) {
        nlohmann::ordered_json j = nlohmann::ordered_json::array();
        for (const process& p : all)
            j.push_back({{"pid", p.pid},
                         {"tid", p.tid},
                         {"class", class_name(p.how.kind)},
                         {"priority", p.shown_priority},
                         {"real_time_priority", p.how.priority},
                         {"nice", p.how.nice},
                         {"slice_ns", p.how.slice},
                         {"cpu", p.cpu},
                         {"state", std::string(1, p.state)},
                         {"command", p.command}});
        print_out(dumped(j));
        return 0;
    }
    std::string out = fmt::format("{:>7} {:>7} {:<3} {:>3} {:>3} {:>3} {:>8} {:>3} S COMMAND\n", "PID", "TID",
                                  "CLS", "PRI", "RT", "NI", "SLICE", "CPU");
    const std::size_t width = ::isatty(STDOUT_FILENO) == 1 ? columns(STDOUT_FILENO) : 100'000;
    for (const process& p : all) {
        const bool real_time = p.how.priority > 0;
        const std::string line = fmt::format(
            "{:>7} {:>7} {:<3} {:>3} {:>3} {:>3} {:>8} {:>3} {} {}", p.pid, p.tid, class_name(p.how.kind),
            p.shown_priority, real_time ? std::to_string(p.how.priority) : "-",
            real_time ? "-" : std::to_string(p.how.nice), slice_text(p.how), p.cpu, p.state, p.command);
        out += sched::shortened(sched::printable(line), width) + "\n";
    }
    print_out(out);
    return 0;
}

int task_number(const std::string& text) {
    const auto n = sched::number_in<int>(text);
    if (!n || *n < 1)
        throw usage_error("'" + text + "' is not the number of a task; heddle sched --ps lists them");
    return *n;
}

[[noreturn]] void refused(const std::string& what) {
    const int error = errno;
    const char* const advice = error == EPERM || error == EACCES ? "; that takes root or CAP_SYS_NICE"
                               : error == ESRCH                  ? "; heddle sched --ps lists those there are"
                                                                 : "";
    throw usage_error("cannot change " + what + ": " + std::strerror(error) + advice);
}

void print_one(int tid, bool as_json) {
    kernel_attributes now;
    if (!read_attributes(tid, now)) refused("task " + std::to_string(tid));
    if (as_json) {
        print_out(dumped({{"tid", tid},
                          {"class", class_name(now.kind)},
                          {"real_time_priority", now.priority},
                          {"nice", now.nice},
                          {"slice_ns", now.slice}}));
        return;
    }
    print_out(fmt::format("task {}: {}, {} {}, slice {}\n", tid, class_name(now.kind),
                          now.priority > 0 ? "priority" : "nice", now.priority > 0 ? now.priority : now.nice,
                          slice_text(now)));
}

}  // namespace

int run_processes(const sched_options& o) {
    if (!o.arguments.empty() || !o.generate.empty() || !o.policies.empty() || o.csv || !o.html.empty() ||
        !o.svg.empty() || !o.trace.empty())
        throw usage_error(
            "--ps, --renice and --set are about the tasks of this machine; with them only --json goes");
    if (o.json && (o.ps ? 1 : 0) + (o.renice.empty() ? 0 : 1) + (o.set.empty() ? 0 : 1) > 1)
        throw usage_error("with --json give one of --ps, --renice and --set");
    if (!o.renice.empty()) {
        const int tid = task_number(o.renice[0]);
        const auto nice = sched::number_in<int>(o.renice[1]);
        if (!nice || *nice < -20 || *nice > 19)
            throw usage_error("'" + o.renice[1] + "' is not a nice value; it is from -20 to 19");
        if (::setpriority(PRIO_PROCESS, static_cast<id_t>(tid), *nice) != 0) refused("task " + o.renice[0]);
        print_one(tid, o.json);
    }
    if (!o.set.empty()) {
        const int tid = task_number(o.set[0]);
        kernel_attributes now;
        if (!read_attributes(tid, now)) refused("task " + o.set[0]);
        if (!change_attributes(tid, now, attributes_from(o.set[1], now))) refused("task " + o.set[0]);
        print_one(tid, o.json);
    }
    return o.ps ? list(o) : 0;
}

}  // namespace heddle::inline v0::cli
