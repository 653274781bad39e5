// SPDX-License-Identifier: BSL-1.0
#include "kernel_trace.hpp"

#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>

#include "../usage_error.hpp"

namespace heddle::inline v0::cli {

namespace {

bool is_tracefs(const std::string& folder) {
    return ::access((folder + "/instances").c_str(), F_OK) == 0;
}

[[noreturn]] void impossible(const std::string& why) {
    throw usage_error("--record needs the kernel's trace (tracefs), which takes root: " + why);
}

}  // namespace

kernel_trace::kernel_trace() {
    std::string root;
    for (const char* const usual : {"/sys/kernel/tracing", "/sys/kernel/debug/tracing"})
        if (is_tracefs(usual)) root = usual;
    if (root.empty()) {
        char name[] = "/tmp/heddle-trace-XXXXXX";
        if (::mkdtemp(name) == nullptr) impossible(std::string("no folder: ") + std::strerror(errno));
        mounted_ = name;
        if (::mount("nodev", name, "tracefs", 0, nullptr) != 0) {
            const std::string why = std::strerror(errno);
            ::rmdir(name);
            impossible("cannot mount it: " + why);
        }
        root = name;
    }
    const std::string instance = root + "/instances/heddle-" + std::to_string(::getpid());
    if (::mkdir(instance.c_str(), 0700) != 0) {
        const std::string why = std::strerror(errno);
        clean_up();
        impossible("cannot make " + instance + ": " + why);
    }
    folder_ = instance;
    try {
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
    if (!folder_.empty()) ::rmdir(folder_.c_str());
    folder_.clear();
    if (mounted_.empty()) return;
    ::umount2(mounted_.c_str(), MNT_DETACH);
    ::rmdir(mounted_.c_str());
    mounted_.clear();
}

}  // namespace heddle::inline v0::cli
