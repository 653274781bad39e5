// SPDX-License-Identifier: BSL-1.0
#include "read.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "lines.hpp"

namespace heddle::inline v0::sched {

namespace {

file_format format_of(std::string_view text, std::string_view name) {
    if (name.ends_with(".csv")) return file_format::csv;
    if (name.ends_with(".swf")) return file_format::swf;
    if (name.ends_with(".json")) return file_format::rt_app;
    const std::string_view head = text.substr(0, 65536);
    const std::size_t first = head.find_first_not_of(" \t\r\n");
    if (first == std::string_view::npos) return file_format::text;
    if (head[first] == '{') return file_format::rt_app;
    if (head[first] == ';') return file_format::swf;
    if (head.find("sched_switch:") != std::string_view::npos || head.find("sched_wakeup:") != std::string_view::npos ||
        head.find("# tracer:") != std::string_view::npos)
        return file_format::trace;
    // The first line that is not a comment.
    lines at(head, "");
    std::vector<std::string_view> words;
    for (std::string_view line; at.next(line);) {
        split(line.substr(0, line.find('#')), words);
        if (words.empty()) continue;
        if (words.size() == 18 && number_in<double>(words[0]) && number_in<double>(words[17])) return file_format::swf;
        return line.find(',') != std::string_view::npos && line.find("arrival") != std::string_view::npos ? file_format::csv
                                                                                                         : file_format::text;
    }
    return file_format::text;
}

}  // namespace

workload read(std::string_view text, const std::string& name, file_format format) {
    if (format == file_format::automatic) format = format_of(text, name);
    workload w;
    switch (format) {
        case file_format::csv:
            w = read_csv(text, name);
            break;
        case file_format::swf:
            w = read_swf(text, name);
            break;
        case file_format::trace:
            w = read_trace(text, name);
            break;
        case file_format::rt_app:
            w = read_rt_app(text, name);
            break;
        default:
            w = read_text(text, name);
    }
    try {
        check(w);
    } catch (const std::invalid_argument& e) {
        throw input_error(name + ": " + e.what());
    }
    return w;
}

workload read_file(const std::string& path, file_format format) {
    const std::string name = path == "-" ? "standard input" : path;
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"),
                                                               path == "-" ? [](std::FILE*) { return 0; } : std::fclose);
    if (!file) throw input_error("cannot read " + path + ": " + std::strerror(errno));
    std::string text;
    std::error_code unknown;  // of a pipe, for instance
    if (const auto size = std::filesystem::file_size(path, unknown); !unknown)
        text.reserve(static_cast<std::size_t>(std::min<std::uintmax_t>(size, 1 << 30)));
    char block[1 << 16];
    while (const std::size_t n = std::fread(block, 1, sizeof block, file.get())) text.append(block, n);
    if (std::ferror(file.get()) != 0) throw input_error("cannot read " + path + ": " + std::strerror(errno));
    return read(text, name, format);
}

}  // namespace heddle::inline v0::sched
