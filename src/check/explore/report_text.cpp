// SPDX-License-Identifier: BSL-1.0
#include "report_text.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <filesystem>
#include <set>
#include <vector>

#include "standstill.hpp"
#include "story.hpp"

namespace heddle::inline v0::check {

namespace {

// How many columns `text` takes: its code points. Names and source rarely hold wider ones.
std::size_t columns_of(const std::string& text) {
    return static_cast<std::size_t>(std::count_if(
        text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string cut(const std::string& text, std::size_t width) {
    if (columns_of(text) <= width) return text;
    std::size_t bytes = 0;
    for (std::size_t n = 0; bytes < text.size(); ++bytes)
        if ((static_cast<unsigned char>(text[bytes]) & 0xC0) != 0x80 && n++ == width - 1) break;
    return text.substr(0, bytes) + "…";
}

std::string padded(std::string text, std::size_t width) {
    const std::size_t used = columns_of(text);
    if (used < width) text.append(width - used, ' ');
    return text;
}

std::string repeat(const char* what, std::size_t n) {
    std::string text;
    while (n-- > 0) text += what;
    return text;
}

class text_report {
 public:
    text_report(const finding& f, const story& s, const report_style& style) : f_(f), s_(s), style_(style) {}

    std::string write() {
        heading();
        interleaving();
        for (const race_story& race : s_.races) show_race(race);
        failed_at();
        ends();
        for (const std::string& note : s_.notes) line(note);
        threads();
        if (!f_.replay_file.empty() && f_.schedule != 0)
            out_ += fmt::format("\nrun it again: heddle check --replay {}\n", f_.replay_file);
        return std::move(out_);
    }

 private:
    static constexpr std::size_t narrowest = 26;  // a column in which one can still read
    static constexpr std::size_t most_steps = 120;
    static constexpr const char* bold = "\x1b[1m";
    static constexpr const char* dim = "\x1b[2m";
    static constexpr const char* red = "\x1b[1;31m";

    const finding& f_;
    const story& s_;
    const report_style style_;
    std::string out_{};
    std::vector<std::size_t> column_{};  // of each thread that is shown
    std::size_t columns_ = 0;
    std::size_t width_ = 0;
    std::string only_file_{};  // where all steps are; empty if in several

    std::string in(const char* colour, const std::string& text) const {
        return style_.colour ? colour + text + "\x1b[0m" : text;
    }
    void line(const std::string& text) { out_ += text + "\n"; }

    std::string name(std::size_t thread) const {
        const thread_story& t = s_.threads[thread];
        return t.name.empty() ? t.label : t.label + " " + t.name;
    }

    void heading() {
        const bool said = f_.message == name_of(f_.kind);
        line(in(red, name_of(f_.kind)) + (said ? "" : ": " + f_.message));
        if ((f_.shown.asked.flags & order_jitter) != 0) {
            line(fmt::format(
                "happened in run {} with {}; the threads ran freely, so it cannot be replayed exactly",
                f_.schedule, f_.found_by));
            return;
        }
        std::string how = f_.schedule == 0
                              ? fmt::format("replayed from {}", f_.found_by)
                              : fmt::format("found in schedule {} by {}", f_.schedule, f_.found_by);
        how += fmt::format("; {} preemption{}", f_.preemptions, f_.preemptions == 1 ? "" : "s");
        line(how);
        line("");
    }

    // A column for each thread that does something, as long as they are wide enough; one for all otherwise.
    void lay_out() {
        column_.assign(s_.threads.size(), 0);
        std::vector<bool> seen(s_.threads.size(), false);
        for (const step_story& step : s_.steps) seen[step.thread] = true;
        for (std::size_t n = 0; n < seen.size(); ++n)
            if (seen[n]) column_[n] = columns_++;
        const std::size_t wide = std::max<std::size_t>(style_.width, narrowest);
        if (columns_ == 0 || wide / columns_ < narrowest) {
            columns_ = 1;
            std::fill(column_.begin(), column_.end(), 0);
        }
        width_ = std::min<std::size_t>(wide / columns_, 80) - 2;
        std::set<std::string> files;
        for (const step_story& step : s_.steps)
            if (step.at.line > 0) files.insert(step.at.file);
        if (files.size() == 1) only_file_ = *files.begin();
    }

    void put(std::size_t thread, const std::string& text, const char* colour = nullptr) {
        const std::string indent(column_[thread] * (width_ + 2), ' ');
        line(indent + (colour == nullptr ? text : in(colour, text)));
    }

    void column_heads() {
        if (!only_file_.empty()) line(only_file_);
        if (columns_ == 1) return;
        std::string heads;
        std::string rules;
        for (std::size_t n = 0; n < s_.threads.size(); ++n) {
            const bool shown = std::any_of(s_.steps.begin(), s_.steps.end(),
                                           [&](const step_story& s) { return s.thread == n; });
            if (!shown) continue;
            heads += in(bold, padded(cut(name(n), width_), width_)) + "  ";
            rules += repeat("─", width_) + "  ";
        }
        line(heads);
        line(rules);
    }

    // In a run of one thread's steps the first and the last ones tell most.
    static constexpr std::size_t most_at_begin = 4;
    static constexpr std::size_t most_at_end = 8;

    void interleaving() {
        if (s_.steps.empty()) return;
        lay_out();
        column_heads();
        std::size_t begin = 0;
        // What goes round and round is seen in a few.
        const std::size_t most = is_standstill(f_.kind) ? most_steps / 5 : most_steps;
        if (s_.steps.size() > most) begin = s_.steps.size() - most;
        if (begin + s_.steps_before > 0)
            line(in(dim, fmt::format("… {} steps before these", begin + s_.steps_before)));
        while (begin < s_.steps.size()) {
            std::size_t end = begin + 1;
            while (end < s_.steps.size() && s_.steps[end].thread == s_.steps[begin].thread) ++end;
            show_run(begin, end);
            begin = end;
        }
        line("");
    }

    void show_run(std::size_t begin, std::size_t end) {
        const std::size_t thread = s_.steps[begin].thread;
        if (s_.steps[begin].preempted && begin > 0)
            line(
                in(dim, fmt::format("╌╌ {} could go on, but {} does ╌╌",
                                    s_.threads[s_.steps[begin - 1].thread].label, s_.threads[thread].label)));
        if (columns_ == 1) line(in(bold, name(thread)));
        const place* before = nullptr;
        for (std::size_t i = begin; i < end; ++i) {
            if (i - begin == most_at_begin && end - i > most_at_end + 1) {
                const std::size_t skipped = end - most_at_end - i;
                put(thread, fmt::format("  … {} more steps", skipped), dim);
                i += skipped;
            }
            show_step(s_.steps[i], before);
            before = &s_.steps[i].at;
        }
    }

    // Where all steps are in one file its name is above the columns.
    std::string short_where(const place& p) const {
        if (p.line == 0) return "";
        const std::string number = std::to_string(p.line);
        return p.file == only_file_ ? padded(number, 4)
                                    : std::filesystem::path(p.file).filename().string() + ":" + number + " ";
    }

    void show_step(const step_story& step, const place* before) {
        const bool same = before != nullptr && before->file == step.at.file && before->line == step.at.line;
        put(step.thread, cut(short_where(step.at) + step.what, width_));
        if (step.at.source.size() > 1 && !same) put(step.thread, cut("    " + step.at.source, width_), dim);
    }

    void show_stack(const std::vector<place>& stack) {
        for (const place& p : stack) {
            std::string text = "    " + padded(cut(p.function.empty() ? "?" : p.function, 36), 36);
            if (p.line > 0) text += "  " + p.file + ":" + std::to_string(p.line);
            line(text);
            if (&p == &stack.front() && !p.source.empty()) line(in(dim, "        " + p.source));
        }
    }

    void show_race(const race_story& race) {
        const auto one = [&](const access_story& a, const char* word) {
            line(in(bold, name(a.thread)) + " " + word + a.what);
            show_stack(a.stack);
        };
        one(race.first, "");
        one(race.second, "and at the same time ");
        line("  nothing orders these two accesses");
        line("");
    }

    void failed_at() {
        if (s_.failed_stack.empty()) return;
        line(in(bold, name(s_.failed_thread)) + " fails here");
        show_stack(s_.failed_stack);
        line("");
    }

    void ends() {
        const bool all = f_.kind == failure_kind::deadlock || f_.kind == failure_kind::lost_wakeup ||
                         is_standstill(f_.kind) || f_.kind == failure_kind::hang ||
                         f_.kind == failure_kind::threads_left || f_.kind == failure_kind::priority_inversion;
        if (!all) return;
        if (!s_.cycle.empty()) {
            line("each waits for the next:");
            for (const std::string& member : s_.cycle) line("  " + member);
            line("");
        }
        for (std::size_t n = 0; n < s_.threads.size(); ++n) {
            const thread_story& t = s_.threads[n];
            if (t.at_end.empty()) continue;
            line(in(bold, name(n)) + " " + t.at_end);
            show_stack(t.stack);
        }
        line("");
    }

    void threads() {
        for (std::size_t n = 1; n < s_.threads.size() && s_.threads.size() <= 40; ++n) {
            const thread_story& t = s_.threads[n];
            line(in(dim,
                    fmt::format("{} was started by {} at {}", name(n), t.created_by, where(t.created_at))));
        }
    }
};

}  // namespace

std::string report_text(const finding& f, const symbols& names, const report_style& style) {
    return text_report(f, tell(f, names), style).write();
}

}  // namespace heddle::inline v0::check
