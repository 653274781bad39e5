// SPDX-License-Identifier: BSL-1.0
#include <sched.h>
#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstdint>
#include <fstream>
#include <heddle/rt/controlled.hpp>
#include <heddle/rt/topology.hpp>
#include <limits>
#include <memory>
#include <sstream>
#include <string_view>
#include <vector>

namespace heddle::inline v0::rt {

namespace {

std::string first_line(const std::string& path) {
    std::ifstream file(path);
    std::string line;
    std::getline(file, line);
    return line;
}

std::vector<std::string> words(const std::string& line) {
    std::istringstream in(line);
    std::vector<std::string> result;
    for (std::string word; in >> word;) result.push_back(std::move(word));
    return result;
}

std::optional<std::int64_t> number(std::string_view text) {
    std::int64_t n = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return n;
}

// Whether `name` is one of the comma-separated items of `list`.
bool listed(std::string_view list, std::string_view name) {
    for (;;) {
        const auto comma = list.find(',');
        if (list.substr(0, comma) == name) return true;
        if (comma == std::string_view::npos) return false;
        list.remove_prefix(comma + 1);
    }
}

std::optional<unsigned> cpus(std::optional<std::int64_t> quota, std::optional<std::int64_t> period) {
    if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;  // v1 says -1 for "no limit"
    const std::int64_t n = *quota / *period + (*quota % *period != 0 ? 1 : 0);
    return static_cast<unsigned>(std::min<std::int64_t>(n, std::numeric_limits<unsigned>::max()));
}

std::optional<unsigned> quota_v2(const std::string& group) {
    const auto max = words(first_line(group + "/cpu.max"));  // "max 100000" or "50000 100000"
    if (max.size() != 2) return std::nullopt;
    return cpus(number(max[0]), number(max[1]));
}

std::optional<unsigned> quota_v1(const std::string& group) {
    return cpus(number(first_line(group + "/cpu.cfs_quota_us")),
                number(first_line(group + "/cpu.cfs_period_us")));
}

struct hierarchy {
    bool v2 = false;
    std::string root;   // the group that is mounted
    std::string mount;  // where
};

// A mount point's name has blanks and backslashes written as \ooo.
std::string unescaped(const std::string& text) {
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        unsigned code = 0;
        if (text[i] == '\\' && i + 3 < text.size() &&
            std::from_chars(&text[i + 1], &text[i + 4], code, 8).ptr == &text[i + 4] && code < 256) {
            result += static_cast<char>(code);
            i += 3;
        } else {
            result += text[i];
        }
    }
    return result;
}

// The hierarchies that can limit CPU time: "ID PARENT DEVICE ROOT MOUNT OPTIONS [TAGS…] - TYPE SOURCE
// SUPEROPTIONS".
std::vector<hierarchy> cpu_hierarchies(const std::string& mountinfo) {
    std::vector<hierarchy> result;
    std::ifstream file(mountinfo);
    for (std::string line; std::getline(file, line);) {
        const auto fields = words(line);
        const auto dash = std::find(fields.begin(), fields.end(), "-");
        if (dash - fields.begin() < 6 || fields.end() - dash < 4) continue;
        const bool v2 = dash[1] == "cgroup2";
        if (v2 || (dash[1] == "cgroup" && listed(dash[3], "cpu")))
            result.push_back({v2, unescaped(fields[3]), unescaped(fields[4])});
    }
    return result;
}

// This process's group in a hierarchy: "0::/path" in v2, "4:cpu,cpuacct:/path" in v1.
std::optional<std::string> group_of_process(const std::string& cgroup_file, bool v2) {
    std::ifstream file(cgroup_file);
    for (std::string line; std::getline(file, line);) {
        const auto first = line.find(':');
        if (first == std::string::npos) continue;
        const auto second = line.find(':', first + 1);
        if (second == std::string::npos) continue;
        const auto controllers = std::string_view(line).substr(first + 1, second - first - 1);
        if (v2 ? line.starts_with("0::") : listed(controllers, "cpu")) return line.substr(second + 1);
    }
    return std::nullopt;
}

// The group's path below the mount point. In a container the mount often shows only the container's own group
// while the process is named by its path from the outside: then, and when the two do not match, the mount
// point is it.
std::string below_mount(const std::string& group, const std::string& root) {
    if (root == "/") return group == "/" ? std::string() : group;
    if (group.starts_with(root) && (group.size() == root.size() || group[root.size()] == '/'))
        return group.substr(root.size());
    return {};
}

void lower(std::optional<unsigned>& limit, std::optional<unsigned> other) {
    if (other && (!limit || *other < *limit)) limit = other;
}

}  // namespace

std::optional<unsigned> detail::cgroup_cpu_limit(const std::string& root) {
    std::optional<unsigned> limit;
    for (const auto& h : cpu_hierarchies(root + "/proc/self/mountinfo")) {
        const auto group = group_of_process(root + "/proc/self/cgroup", h.v2);
        if (!group) continue;
        const std::string top = root + h.mount;
        std::string path = below_mount(*group, h.root);
        if (path.find("/..") != std::string::npos)
            path.clear();  // outside this cgroup namespace: only the mount is ours
        for (;;) {         // a quota of any group around this one holds too
            lower(limit, h.v2 ? quota_v2(top + path) : quota_v1(top + path));
            if (path.empty()) break;
            path.erase(path.find_last_of('/') == std::string::npos ? 0 : path.find_last_of('/'));
        }
    }
    return limit;
}

std::optional<unsigned> detail::affinity_cpu_count() {
    // The kernel refuses a mask smaller than its own, whose size it does not tell: grow until it fits.
    for (int size = 1024; size <= (1 << 22); size *= 2) {
        const auto count = static_cast<std::size_t>(size);
        const std::unique_ptr<cpu_set_t, void (*)(cpu_set_t*)> set(CPU_ALLOC(count),
                                                                   [](cpu_set_t* s) { CPU_FREE(s); });
        if (!set) return std::nullopt;
        const std::size_t bytes = CPU_ALLOC_SIZE(count);
        CPU_ZERO_S(bytes, set.get());
        if (::sched_getaffinity(0, bytes, set.get()) == 0)
            return static_cast<unsigned>(CPU_COUNT_S(bytes, set.get()));
        if (errno != EINVAL) return std::nullopt;
    }
    return std::nullopt;
}

unsigned cpu_count() {
    std::optional<unsigned> n = detail::affinity_cpu_count();
    // Under the checker it is the checker that says: on every machine the same.
    if (!controlled()) lower(n, detail::cgroup_cpu_limit(""));
    return std::max(1u, n.value_or(1));
}

}  // namespace heddle::inline v0::rt
