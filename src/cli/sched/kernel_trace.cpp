// SPDX-License-Identifier: BSL-1.0
#include "kernel_trace.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <sched/lines.hpp>
#include <string_view>
#include <system_error>
#include <vector>

#include "../usage_error.hpp"

namespace heddle::inline v0::cli {

namespace {

bool is_tracefs(const std::string& folder) {
    return ::access((folder + "/instances").c_str(), F_OK) == 0;
}

[[noreturn]] void impossible(const std::string& why) {
    throw usage_error("--record needs the kernel's trace (tracefs), which takes root: " + why);
}

// tracefs without a place in the tree of files, so that nothing is left of it if we are killed.
unique_fd mount_tracefs() {
    const unique_fd kind(::fsopen("tracefs", FSOPEN_CLOEXEC));
    if (!kind || ::fsconfig(kind.get(), FSCONFIG_CMD_CREATE, nullptr, nullptr, 0) != 0) return {};
    return unique_fd(::fsmount(kind.get(), FSMOUNT_CLOEXEC, 0));
}

// Also one that has ended and that nobody has waited for.
bool is_gone(int pid) {
    if (::kill(pid, 0) != 0) return errno == ESRCH;
    std::ifstream in("/proc/" + std::to_string(pid) + "/stat");
    std::string line;
    std::getline(in, line);
    const std::size_t name_ends = line.rfind(')');
    return name_ends != std::string::npos && line.substr(name_ends).starts_with(") Z");
}

// What heddles left that were killed goes on recording, and takes memory for each CPU. One whose process is
// only in another PID namespace has a file open, and so cannot be removed; nor what anybody else looks at.
void remove_leftovers(const std::string& instances, const std::string& prefix) {
    std::error_code failed;
    std::vector<std::string> left;
    for (std::filesystem::directory_iterator i(instances, failed), end; !failed && i != end;
         i.increment(failed)) {
        const std::string name = i->path().filename().string();
        if (!name.starts_with(prefix)) continue;
        const auto pid = sched::number_in<int>(std::string_view(name).substr(prefix.size()));
        if (pid && *pid > 0 && (*pid == ::getpid() || is_gone(*pid))) left.push_back(i->path().string());
    }
    for (const std::string& instance : left) ::rmdir(instance.c_str());
}

}  // namespace

kernel_trace::kernel_trace() {
    std::string root;
    for (const char* const usual : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"})
        if (is_tracefs(usual)) root = usual;
    if (root.empty()) {
        mounted_ = mount_tracefs();
        if (!mounted_) impossible(std::string("cannot mount it: ") + std::strerror(errno));
        root = "/proc/self/fd/" + std::to_string(mounted_.get());
    }
    const std::string instances = root + "/instances/", prefix = "heddle-";
    remove_leftovers(instances, prefix);
    const std::string instance = instances + prefix + std::to_string(::getpid());
    if (::mkdir(instance.c_str(), 0700) != 0)
        impossible("cannot make " + instance + ": " + std::strerror(errno));
    folder_ = instance;
    try {
        in_use_.reset(::open((folder_ + "/tracing_on").c_str(), O_RDONLY | O_CLOEXEC));
        write("tracing_on", "0");
        write("trace_clock", "mono");
        write("buffer_size_kb", "16384");
        for (const char* const event :
             {"sched_switch", "sched_wakeup", "sched_wakeup_new", "sched_process_fork"})
            write("events/sched/" + std::string(event) + "/enable", "1");
        write("tracing_on", "1");
    } catch (...) {
        clean_up();
        throw;
    }
}

kernel_trace::~kernel_trace() {
    clean_up();
}

void kernel_trace::write(const std::string& file, const std::string& value) const {
    std::ofstream out(folder_ + "/" + file);
    out << value << std::flush;
    if (!out) impossible("cannot write " + file + " of " + folder_);
}

std::string kernel_trace::stop() {
    write("tracing_on", "0");
    std::ifstream in(folder_ + "/trace", std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    if (text.find("LOST") != std::string::npos && text.find(" EVENTS]") != std::string::npos)
        throw usage_error("the kernel lost events of the trace: record something shorter");
    return text;
}

void kernel_trace::clean_up() noexcept {
    in_use_.reset();
    if (!folder_.empty()) ::rmdir(folder_.c_str());
    folder_.clear();
    mounted_.reset();
}

}  // namespace heddle::inline v0::cli
