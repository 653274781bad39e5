// SPDX-License-Identifier: BSL-1.0
#include "resources.hpp"

#include <sys/resource.h>
#include <filesystem>
#include <fstream>
#include <string>

namespace heddle::inline v0::cli {

usage usage::now() {
    usage total;
    for (const int who : {RUSAGE_SELF, RUSAGE_CHILDREN}) {
        rusage r{};
        ::getrusage(who, &r);
        const auto ns = [](const timeval& t) { return (t.tv_sec * 1'000'000 + t.tv_usec) * 1000; };
        total.cpu_ns += ns(r.ru_utime) + ns(r.ru_stime);
        total.voluntary += r.ru_nvcsw;
        total.involuntary += r.ru_nivcsw;
    }
    return total;
}

std::vector<pid_t> process_tree(pid_t root) {
    std::vector<pid_t> found{root};
    for (std::size_t i = 0; i < found.size(); ++i) {
        // Each thread lists the children that it forked.
        std::error_code error;
        std::filesystem::directory_iterator threads("/proc/" + std::to_string(found[i]) + "/task", error);
        for (const std::filesystem::directory_iterator end; !error && threads != end;
             threads.increment(error)) {
            std::ifstream children(threads->path() / "children");
            for (pid_t child = 0; children >> child;) found.push_back(child);
        }
    }
    return found;
}

std::uint64_t memory_of(pid_t pid) {
    std::ifstream rollup("/proc/" + std::to_string(pid) + "/smaps_rollup");
    for (std::string word; rollup >> word;) {
        if (word != "Pss:") continue;
        std::uint64_t kb = 0;
        rollup >> kb;
        return kb * 1024;
    }
    return 0;
}

std::uint64_t memory_of_tree(pid_t root) {
    std::uint64_t sum = 0;
    for (const pid_t pid : process_tree(root)) sum += memory_of(pid);
    return sum;
}

}  // namespace heddle::inline v0::cli
