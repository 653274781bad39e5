// SPDX-License-Identifier: BSL-1.0
// The Standard Workload Format of the Parallel Workloads Archive: 18 numbers a line, -1 for what is not
// known. D. Feitelson, D. Tsafrir, D. Krakov, JPDC 74(10), 2014.
#include <array>

#include "lines.hpp"

namespace heddle::inline v0::sched {

namespace {

// As std::from_chars, and faster for the numbers of up to 18 digits that logs are made of: those fit.
std::from_chars_result number_at(const char* first, const char* last, std::int64_t& n) {
    const char* const digits = first + (first != last && *first == '-' ? 1 : 0);
    const char* at = digits;
    std::uint64_t value = 0;
    for (; at != last && *at >= '0' && *at <= '9'; ++at)
        value = value * 10 + static_cast<std::uint64_t>(*at - '0');
    if (at == digits || at - digits > 18) return std::from_chars(first, last, n);
    n = digits == first ? static_cast<std::int64_t>(value) : -static_cast<std::int64_t>(value);
    return {at, std::errc()};
}

// Fractions, which some logs have, are rounded down.
bool numbers_of(std::string_view line, std::array<std::int64_t, 18>& numbers) {
    const char* at = line.data();
    const char* const end = at + line.size();
    for (std::int64_t& n : numbers) {
        while (at != end && (*at == ' ' || *at == '\t')) ++at;
        const auto [rest, error] = number_at(at, end, n);
        if (error != std::errc()) return false;
        at = rest;
        if (at != end && *at == '.')
            for (++at; at != end && *at >= '0' && *at <= '9';) ++at;
        if (at != end && *at != ' ' && *at != '\t') return false;
    }
    while (at != end && (*at == ' ' || *at == '\t')) ++at;
    return at == end;
}

// "; MaxProcs: 128"
void take_header(std::string_view line, workload& w) {
    for (const std::string_view key : {"MaxProcs:", "MaxNodes:"}) {
        const std::size_t at = line.find(key);
        if (at == std::string_view::npos) continue;
        const std::string_view value = trimmed(line.substr(at + key.size()));
        const auto n = number_in<int>(value.substr(0, value.find_first_of(" \t,;(")));
        if (n && *n > 0 && (key == "MaxProcs:" || w.cpus == 0)) w.cpus = *n;
    }
}

}  // namespace

workload read_swf(std::string_view text, const std::string& name) {
    constexpr std::int64_t longest = 1'000'000'000'000;  // seconds
    workload w;
    w.unit = time_unit::seconds;
    // A job takes 36 bytes or more. What this is too much is never touched.
    w.tasks.reserve(text.size() / 36 + 1);
    lines at(text, name);
    std::size_t left_out = 0;
    int widest = 1;
    std::array<std::int64_t, 18> n{};
    for (std::string_view line; at.next(line);) {
        const std::string_view content = trimmed(line);
        if (content.empty()) continue;
        if (content.front() == ';') {
            take_header(content, w);
            continue;
        }
        if (!numbers_of(content, n))
            at.fail("expected the 18 numbers of a job in the Standard Workload Format");
        const std::int64_t submitted = n[1], ran = n[3], processors = n[4] > 0 ? n[4] : n[7];
        if (submitted < 0 || ran <= 0 || processors <= 0) {
            ++left_out;
            continue;
        }
        if (submitted > longest || ran > longest || processors > 100'000'000)
            at.fail("expected times and sizes of a real machine");
        task_spec& task = w.tasks.emplace_back();
        task.name = std::to_string(n[0]);
        task.arrival = time(duration(submitted));
        task.steps = {{step_kind::compute, duration(ran), 0}};
        task.width = static_cast<int>(processors);
        task.priority = n[14] > 0 && n[14] < 1'000'000 ? static_cast<int>(n[14]) : 0;  // the queue
        widest = std::max(widest, task.width);
    }
    if (w.tasks.empty())
        throw input_error(name, at.number() + 1, "expected a job that ran, and there is none");
    if (left_out > 0)
        w.notes.push_back(std::to_string(left_out) + " jobs without a run time or size were left out");
    if (w.cpus != 0 && widest > w.cpus)
        w.notes.push_back("a job has " + std::to_string(widest) + " CPUs, more than the " +
                          std::to_string(w.cpus) + " of the header: so many are simulated");
    w.cpus = std::max(w.cpus, widest);
    return w;
}

}  // namespace heddle::inline v0::sched
