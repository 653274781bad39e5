// SPDX-License-Identifier: BSL-1.0
#include "report_json.hpp"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "story.hpp"

namespace heddle::inline v0::check {

namespace {

using nlohmann::ordered_json;

ordered_json to_json(const place& p) {
    return {{"function", p.function}, {"file", p.file}, {"line", p.line}, {"source", p.source}};
}

ordered_json to_json(const std::vector<place>& stack) {
    ordered_json frames = ordered_json::array();
    for (const place& p : stack) frames.push_back(to_json(p));
    return frames;
}

ordered_json to_json(const access_story& a) {
    return {{"thread", a.thread}, {"what", a.what}, {"stack", to_json(a.stack)}};
}

}  // namespace

std::string report_json(const finding& f, const symbols& names) {
    const story s = tell(f, names);
    ordered_json threads = ordered_json::array();
    for (const thread_story& t : s.threads)
        threads.push_back({{"label", t.label},
                           {"name", t.name},
                           {"created_by", t.created_by},
                           {"created_at", to_json(t.created_at)},
                           {"at_end", t.at_end},
                           {"stack", to_json(t.stack)}});
    ordered_json steps = ordered_json::array();
    for (const step_story& step : s.steps)
        steps.push_back({{"thread", step.thread},
                         {"what", step.what},
                         {"at", to_json(step.at)},
                         {"left_out", step.left_out},
                         {"preempted", step.preempted}});
    ordered_json races = ordered_json::array();
    for (const race_story& race : s.races)
        races.push_back({{"first", to_json(race.first)}, {"second", to_json(race.second)}});
    const ordered_json all{{"kind", name_of(f.kind)},
                           {"message", f.message},
                           {"schedule", f.schedule},
                           {"found_by", f.found_by},
                           {"preemptions", f.preemptions},
                           {"hash", fmt::format("{:016x}", f.shown.outcome.hash)},
                           {"replay_file", f.replay_file},
                           {"threads", std::move(threads)},
                           {"steps_before", s.steps_before},
                           {"steps", std::move(steps)},
                           {"cycle", s.cycle},
                           {"notes", s.notes},
                           {"races", std::move(races)},
                           {"failed_thread", s.failed_thread},
                           {"failed_stack", to_json(s.failed_stack)}};
    // What a program calls its threads need not be UTF-8.
    return all.dump(1, ' ', false, ordered_json::error_handler_t::replace);
}

}  // namespace heddle::inline v0::check
