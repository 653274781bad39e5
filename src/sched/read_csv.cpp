// SPDX-License-Identifier: BSL-1.0
// Comma-separated values with a header: name, arrival, burst and the settings of the text format.
#include <set>

#include "task_words.hpp"

namespace heddle::inline v0::sched {

namespace {

// A line's fields; quotes as in RFC 4180, but not over several lines.
std::vector<std::string> fields_of(std::string_view line, const lines& at) {
    std::vector<std::string> fields(1);
    bool quotes = false;
    for (std::size_t i = 0; i < line.size(); ++i) {
        const char c = line[i];
        if (quotes) {
            if (c != '"')
                fields.back() += c;
            else if (i + 1 < line.size() && line[i + 1] == '"')
                fields.back() += line[++i];
            else
                quotes = false;
        } else if (c == '"') {
            quotes = true;
        } else if (c == ',') {
            fields.emplace_back();
        } else {
            fields.back() += c;
        }
    }
    if (quotes) at.fail("expected the quotation to end in its line");
    for (std::string& f : fields) f = std::string(trimmed(f));
    return fields;
}

// What is no setting of the text format.
bool is_of_csv(std::string_view column) {
    return column == "name" || column == "task" || column == "arrival" || column == "burst" ||
           column == "steps";
}

}  // namespace

workload read_csv(std::string_view text, const std::string& name) {
    workload w;
    lines at(text, name);
    task_words parse(at, w);
    std::vector<std::string> header;
    std::set<std::string> names;
    std::vector<std::string_view> words;
    for (std::string_view line; at.next(line);) {
        if (at.number() == 1 && line.starts_with("\xef\xbb\xbf")) line.remove_prefix(3);
        if (trimmed(line).empty() || line.front() == '#') continue;
        const std::vector<std::string> fields = fields_of(line, at);
        if (header.empty()) {
            header = fields;
            const std::set<std::string> there(header.begin(), header.end());
            if (!there.contains("arrival") || !(there.contains("burst") || there.contains("steps")))
                at.fail("expected a header with the columns arrival and burst (or steps)");
            if (there.size() != header.size()) at.fail("expected each column once");
            for (const std::string& column : header)
                if (!is_of_csv(column) && !task_words::knows(column))
                    at.fail("expected name, arrival, burst, steps, " + std::string(task_words::known) +
                            " as a column, not " + in_quotes(column));
            continue;
        }
        if (fields.size() != header.size())
            at.fail("expected " + std::to_string(header.size()) + " fields, as in the header, not " +
                    std::to_string(fields.size()));
        task_spec task;
        task.name = "P" + std::to_string(w.tasks.size() + 1);
        std::string_view times;
        for (std::size_t i = 0; i < fields.size(); ++i) {
            const std::string& value = fields[i];
            if (value.empty()) {
                if (header[i] == "arrival") at.fail("expected when the task arrives, and the field is empty");
                continue;
            }
            if (header[i] == "name" || header[i] == "task") {
                task.name = value;
            } else if (header[i] == "arrival") {
                task.arrival = time(parse.time_of(value, "when the task arrives"));
            } else if (header[i] == "burst") {
                if (!task.steps.empty()) at.fail("expected a burst or steps, not both");
                task.steps.push_back({step_kind::compute, parse.time_of(value, "how long the task runs"), 0});
            } else if (header[i] == "steps") {
                if (!task.steps.empty()) at.fail("expected a burst or steps, not both");
                split(value, words);
                parse.steps(words, 0, task);
            } else if (header[i] == "times") {
                times = value;
            } else {
                parse.set(header[i], value, task);
            }
        }
        if (task.steps.empty()) at.fail("expected how long the task runs");
        if (!times.empty()) parse.set("times", times, task);
        if (!names.insert(task.name).second)
            at.fail("expected another name: there is a task " + in_quotes(task.name) + " already");
        parse.finish(task);
        w.tasks.push_back(std::move(task));
    }
    if (w.tasks.empty()) throw input_error(name, at.number() + 1, "expected a task, and there is none");
    return w;
}

}  // namespace heddle::inline v0::sched
