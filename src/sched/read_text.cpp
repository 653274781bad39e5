// SPDX-License-Identifier: BSL-1.0
// heddle's own format: a task in a line.
#include <algorithm>
#include <set>

#include "task_words.hpp"

namespace heddle::inline v0::sched {

namespace {

std::string_view name_of(std::string_view setting) {
    return setting.substr(0, setting.find('='));
}

}  // namespace

workload read_text(std::string_view text, const std::string& name) {
    workload w;
    lines at(text, name);
    task_words parse(at, w);
    std::set<std::string, std::less<>> names;
    std::vector<std::string_view> words;
    std::vector<std::string_view> settings;
    for (std::string_view line; at.next(line);) {
        split(line.substr(0, line.find('#')), words);
        if (words.empty()) continue;
        settings.clear();
        std::erase_if(words, [&](std::string_view word) {
            if (word.find('=') == std::string_view::npos) return false;
            settings.push_back(word);
            return true;
        });
        if (words.size() == 2 && words[0] == "cpus") {
            const auto cpus = number_in<int>(words[1]);
            if (!cpus || *cpus < 1 || *cpus > 1'000'000)
                at.fail("expected how many CPUs there are, not " + in_quotes(words[1]));
            if (w.cpus != 0) at.fail("expected the number of CPUs once");
            w.cpus = *cpus;
            continue;
        }
        if (words.size() < 3)
            at.fail("expected a task: NAME ARRIVAL BURST [PRIORITY], or NAME ARRIVAL run TIME wait TIME …");
        task_spec task;
        task.name = std::string(words[0]);
        if (!names.insert(task.name).second)
            at.fail("expected another name: there is a task " + in_quotes(words[0]) + " already");
        task.arrival = time(parse.time_of(words[1], "when the task arrives"));
        const bool plain = std::isdigit(static_cast<unsigned char>(words[2][0])) != 0 || words[2][0] == '-';
        std::size_t next = 2;
        if (plain) {
            task.steps.push_back({step_kind::compute, parse.time_of(words[2], "how long the task runs"), 0});
            next = 3;
            if (words.size() > 3 && number_in<int>(words[3])) {
                parse.set("priority", words[3], task);
                next = 4;
            }
        }
        parse.steps(words, next, task);
        for (auto s = settings.begin(); s != settings.end(); ++s) {
            const std::string_view key = name_of(*s);
            const bool twice = std::any_of(settings.begin(), s,
                                           [&](std::string_view other) { return name_of(other) == key; });
            if (twice) at.fail("expected each setting once, and there is another " + in_quotes(key));
            if (!parse.set(key, s->substr(key.size() + 1), task))
                at.fail("expected " + std::string(task_words::known) + " before '=', not " + in_quotes(key));
        }
        parse.finish(task);
        w.tasks.push_back(std::move(task));
    }
    if (w.tasks.empty()) throw input_error(name, at.number() + 1, "expected a task, and there is none");
    return w;
}

}  // namespace heddle::inline v0::sched
