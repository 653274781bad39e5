// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <algorithm>
#include <cmath>

#include "report.hpp"

namespace heddle::inline v0::sched {

namespace {

constexpr double left_margin = 120, chart_width = 1000, row_height = 22, letter_width = 6;
constexpr std::size_t most_svg_rows = 60;
constexpr std::size_t most_columns = 16;  // of a name, left of the chart
constexpr std::size_t most_bars = 20000;  // of one policy; more is a picture that nobody can open

// Between the lines of a chart, which has at most so many.
double step_for(double span, double most) {
    const double raw = span / most;
    const double power = std::pow(10, std::floor(std::log10(raw)));
    for (const double factor : {1.0, 2.0, 5.0, 10.0})
        if (power * factor >= raw) return std::max(1.0, power * factor);
    return std::max(1.0, power * 10);
}

}  // namespace

std::string gantt_svg(const workload& w, const std::vector<policy_run>& runs) {
    time begin = time::max(), end{};
    for (const policy_run& r : runs) {
        begin = std::min(begin, r.run.begin);
        end = std::max(end, r.run.end);
    }
    const double span = std::max(1.0, static_cast<double>((end - begin).count()));
    const auto x = [&](time t) {
        return left_margin + chart_width * static_cast<double>((t - begin).count()) / span;
    };
    // As many lines as there is room for what is written below them.
    const double letters =
        static_cast<double>(std::max(show(begin, w.unit).size(), show(end, w.unit).size()));
    const double step = step_for(span, std::clamp(chart_width / (letter_width * letters + 12), 1.0, 10.0));
    const std::size_t rows = std::min(most_svg_rows, w.tasks.size());
    const double height_of_one = 50 + row_height * static_cast<double>(rows);
    std::vector<std::string> names;
    for (std::size_t i = 0; i < rows; ++i) names.push_back(escaped(w.tasks[i].name));
    std::string body;
    double y = 20;
    for (const policy_run& r : runs) {
        body += fmt::format("<text x=\"10\" y=\"{:.0f}\" class=\"t\">{}</text>\n", y, escaped(r.policy));
        y += 8;
        for (double t = 0; t <= span; t += step) {
            const double at = left_margin + chart_width * t / span;
            body +=
                fmt::format("<line x1=\"{0:.1f}\" x2=\"{0:.1f}\" y1=\"{1:.0f}\" y2=\"{2:.0f}\" class=\"g\"/>",
                            at, y, y + row_height * static_cast<double>(rows));
            body += fmt::format("<text x=\"{:.1f}\" y=\"{:.0f}\" class=\"a\">{}</text>\n", at,
                                y + row_height * static_cast<double>(rows) + 13,
                                escaped(show(begin + duration(static_cast<std::int64_t>(t)), w.unit)));
        }
        for (std::size_t i = 0; i < rows; ++i)
            body += fmt::format("<text x=\"{:.0f}\" y=\"{:.1f}\" class=\"n\">{}</text>\n", left_margin - 8,
                                y + row_height * (static_cast<double>(i) + 0.7),
                                escaped(shortened(w.tasks[i].name, most_columns)));
        for (const job_result& j : r.run.jobs)
            if (j.task < rows)
                body += fmt::format(
                    "<rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"4\" class=\"w\"/>\n",
                    x(j.arrival), y + row_height * static_cast<double>(j.task) + row_height / 2 - 2,
                    x(end_of(j, r.run)) - x(j.arrival));
        std::size_t bars = 0, left_out = 0;
        for (const segment& g : r.run.segments) {
            if (g.task >= rows) continue;
            if (++bars > most_bars) {
                ++left_out;
                continue;
            }
            body += fmt::format(
                "<rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"{:.2f}\" height=\"{:.0f}\" rx=\"2\" "
                "fill=\"{}\"><title>{}: {} – {}, CPU {}</title></rect>\n",
                x(g.begin), y + row_height * static_cast<double>(g.task) + 3,
                std::max(0.5, x(g.end) - x(g.begin)), row_height - 6, colour_of(g.task), names[g.task],
                show(g.begin, w.unit), show(g.end, w.unit), g.cpu);
        }
        for (const job_result& j : r.run.jobs)
            if (j.missed && j.task < rows)
                body += fmt::format(
                    "<rect x=\"{:.2f}\" y=\"{:.1f}\" width=\"2\" height=\"{:.0f}\" class=\"m\"><title>{} "
                    "misses its "
                    "deadline at {}</title></rect>\n",
                    x(j.deadline) - 1, y + row_height * static_cast<double>(j.task), row_height,
                    names[j.task], show(j.deadline, w.unit));
        std::string more;
        if (w.tasks.size() > rows) more += fmt::format("{} more tasks", w.tasks.size() - rows);
        if (left_out > 0) more += fmt::format("{}{} more bars", more.empty() ? "" : " and ", left_out);
        if (!more.empty())
            body += fmt::format("<text x=\"10\" y=\"{:.0f}\" class=\"l\">{} are not drawn</text>\n",
                                y + row_height * static_cast<double>(rows) + 28, more);
        y += height_of_one;
    }
    return fmt::format(
               "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 "
               "{0:.0f} {1:.0f}\">\n"
               "<style>text{{font:12px "
               "system-ui,sans-serif;fill:#1c2330}}.t{{font-weight:600;font-size:14px}}.n{{text-anchor:end}}"
               ".a{{text-anchor:middle;font-size:10px;fill:#5b6575}}.g{{stroke:#d9dde3}}.w{{fill:#c6ccd6}}.m{"
               "{fill:#c0392b}}.l{{font-size:11px;fill:#5b6575}}</"
               "style>\n"
               "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
               left_margin + chart_width + 60, y) +
           body + "</svg>\n";
}

}  // namespace heddle::inline v0::sched
