// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <optional>
#include <utility>

#include "characters.hpp"
#include "report.hpp"

namespace heddle::inline v0::sched {

namespace {

std::string show_number(double value, time_unit unit) {
    if (unit == time_unit::nanoseconds) {
        if (std::abs(value) >= 1e9) return fmt::format("{:.4g} s", value / 1e9);
        if (std::abs(value) >= 1e6 || value == 0) return fmt::format("{:.4g} ms", value / 1e6);
        return fmt::format("{:.4g} us", value / 1e3);
    }
    const char* const suffix = unit == time_unit::seconds ? " s" : "";
    if (value == std::floor(value) && std::abs(value) < 1e15) return fmt::format("{:.0f}{}", value, suffix);
    return std::abs(value) >= 10000 ? fmt::format("{:.0f}{}", value, suffix)
                                    : fmt::format("{:.4g}{}", value, suffix);
}

template <auto Member> double mean_of(const statistics& s) {
    return (s.all.*Member).mean;
}
template <auto Member> double p95_of(const statistics& s) {
    return static_cast<double>((s.all.*Member).p95.count());
}
template <auto Member> std::size_t count_of(const statistics& s) {
    return (s.all.*Member).count;
}
std::size_t finished(const statistics& s) {
    return s.all.finished;
}

}  // namespace

std::string show(duration d, time_unit unit) {
    if (unit != time_unit::nanoseconds)
        return fmt::format("{}{}", d.count(), unit == time_unit::seconds ? " s" : "");
    constexpr std::int64_t ms = 1'000'000;
    const auto n = d.count();
    std::string text = fmt::format("{}{}.{:06}", n < 0 ? "-" : "", std::abs(n / ms), std::abs(n % ms));
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text + " ms";
}

std::string show(time t, time_unit unit) {
    return show(t.time_since_epoch(), unit);
}

const std::vector<figure>& figures() {
    static const std::vector<figure> all{
        {"turnaround", true, mean_of<&summary::turnaround>, true, count_of<&summary::turnaround>},
        {"waiting", true, mean_of<&summary::waiting>, true, count_of<&summary::waiting>},
        {"response", true, mean_of<&summary::response>, true, count_of<&summary::response>},
        {"turnaround p95", true, p95_of<&summary::turnaround>, true, count_of<&summary::turnaround>},
        {"slowdown", true, [](const statistics& s) { return s.all.slowdown; }, false, finished},
        {"throughput", false, [](const statistics& s) { return s.throughput; }, false, nullptr},
        {"utilisation", false, [](const statistics& s) { return s.utilisation; }, false, nullptr},
        {"fairness", false, [](const statistics& s) { return s.fairness; }, false, finished},
        {"switches", true, [](const statistics& s) { return static_cast<double>(s.switches); }, false,
         nullptr},
        {"missed", true, [](const statistics& s) { return static_cast<double>(s.all.missed); }, false,
         nullptr},
    };
    return all;
}

std::string show(const figure& f, const statistics& s, time_unit unit) {
    if (f.over != nullptr && f.over(s) == 0) return "-";
    const double value = f.of(s);
    if (f.is_time) return show_number(value, unit);
    const std::string name = f.name;
    if (name == "utilisation") return fmt::format("{:.1f} %", value * 100);
    if (name == "throughput") {
        if (unit == time_unit::nanoseconds) return fmt::format("{:.4g}/s", value * 1e9);
        return fmt::format("{:.4g}{}", value, unit == time_unit::seconds ? "/s" : "");
    }
    return name == "slowdown" || name == "fairness" ? fmt::format("{:.3f}", value)
                                                    : fmt::format("{:.0f}", value);
}

std::vector<bool> best_by(const figure& f, const std::vector<policy_run>& runs) {
    std::vector<bool> best(runs.size(), false);
    if (runs.size() < 2) return best;
    const auto over = [&](const policy_run& r) { return f.over != nullptr ? f.over(r.numbers) : 1; };
    std::size_t most = 1;
    for (const policy_run& r : runs) most = std::max(most, over(r));
    std::optional<double> top, bottom;
    for (const policy_run& r : runs) {
        if (over(r) < most) continue;
        const double v = f.of(r.numbers);
        top = std::min(top.value_or(v), v);
        bottom = std::max(bottom.value_or(v), v);
    }
    if (!top) return best;
    if (!f.less_is_better) std::swap(top, bottom);
    // What cannot be told apart in print is not better.
    if (std::abs(*top - *bottom) <= 1e-9 * std::max(std::abs(*top), std::abs(*bottom))) return best;
    for (std::size_t i = 0; i < runs.size(); ++i)
        best[i] = over(runs[i]) == most &&
                  std::abs(f.of(runs[i].numbers) - *top) <= 1e-9 * std::max(1.0, std::abs(*top));
    return best;
}

std::string escaped(const std::string& text) {
    std::string out;
    for (const character& shown : characters_of(text)) {
        // XML has no such characters.
        if (shown.code == 0xFFFE || shown.code == 0xFFFF) continue;
        for (const char c : shown.bytes) {
            if (c == '<')
                out += "&lt;";
            else if (c == '>')
                out += "&gt;";
            else if (c == '&')
                out += "&amp;";
            else if (c == '"')
                out += "&quot;";
            else
                out += static_cast<unsigned char>(c) < 32 ? ' ' : c;
        }
    }
    return out;
}

// Hues a golden angle apart.
time end_of(const job_result& job, const simulation& run) {
    if (job.finished()) return job.finish;
    return job.dropped ? std::max(job.arrival, std::min(job.deadline, run.end)) : run.end;
}

std::string colour_of(std::size_t task) {
    const double hue = std::fmod(210 + static_cast<double>(task) * 137.508, 360);
    const double s = 0.55, l = task % 2 == 0 ? 0.50 : 0.62;
    const auto channel = [&](double n) {
        const double k = std::fmod(n + hue / 30, 12);
        const double v = l - s * std::min(l, 1 - l) * std::max(-1.0, std::min({k - 3, 9 - k, 1.0}));
        return static_cast<int>(std::lround(v * 255));
    };
    return fmt::format("#{:02x}{:02x}{:02x}", channel(0), channel(8), channel(4));
}

}  // namespace heddle::inline v0::sched
