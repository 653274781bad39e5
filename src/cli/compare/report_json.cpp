// SPDX-License-Identifier: BSL-1.0
#include "report.hpp"

#include <nlohmann/json.hpp>

namespace heddle::inline v0::cli {

namespace {

using nlohmann::ordered_json;

ordered_json of(const summary& s) {
    return {{"median", s.median}, {"min", s.min}, {"max", s.max}};
}

ordered_json of(const model_result& m) {
    ordered_json j{{"model", name_of(m.which)}, {"workers", m.workers}, {"ok", m.ok()}, {"failures", m.failures}};
    if (!m.ok()) return j;
    j["repetitions"] = m.runs.size();
    j["wall_s"] = of(m.wall);
    j["speed_up"] = m.speed_up > 0 ? ordered_json(m.speed_up) : ordered_json(nullptr);
    j["throughput_per_s"] = m.throughput;
    j["latency_s"] = {{"p50", m.p50}, {"p95", m.p95}, {"p99", m.p99}};
    j["cpu_s"] = m.cpu;
    j["cpu_share_of_item_time"] = m.cpu_share;
    j["memory_peak_bytes"] = m.memory;
    j["context_switches"] = {{"voluntary", m.voluntary}, {"involuntary", m.involuntary}};
    j["bytes_moved"] = m.bytes_moved;
    j["digest"] = m.runs.front().digest;
    return j;
}

ordered_json answer_of(const comparison& c) {
    const run_report* const r = c.any_run();
    if (r == nullptr) return nullptr;
    ordered_json j{{"digest", r->digest}, {"number", r->number}, {"bytes", r->bytes}, {"files", r->files}};
    if (c.name == "words") {
        j["words"] = r->number;
        j["distinct_words"] = r->distinct_words;
        j["top_words"] = ordered_json::array();
        for (const auto& [word, n] : r->top_words) j["top_words"].push_back({{"word", word}, {"count", n}});
    }
    return j;
}

}  // namespace

std::string json_report(const comparison& c, const std::optional<verdict>& v,
                        const std::optional<calibration>& costs) {
    ordered_json j{{"workload", c.name}, {"title", c.title}, {"unit", c.unit}, {"items", c.items}, {"cpus", c.cpus}};
    j["same_answer"] = c.same_answer;
    j["answer"] = answer_of(c);
    j["models"] = ordered_json::array();
    for (const auto& m : c.models) j["models"].push_back(of(m));
    if (v)
        j["verdict"] = {{"use", name_of(v->use)},
                        {"noise", v->noise},
                        {"sentence", v->sentence},
                        {"reasons", v->reasons}};
    else
        j["verdict"] = nullptr;
    j["problems"] = c.problems;
    j["notes"] = c.notes;
    if (costs) {
        j["costs"] = ordered_json::array();
        for (const auto& s : costs->strands)
            j["costs"].push_back({{"kind", s.name},
                                  {"create_s", of(s.create)},
                                  {"switch_s", of(s.change)},
                                  {"memory_bytes", s.memory}});
    }
    // File names need not be UTF-8; what is not is replaced, so that the output is JSON all the same.
    return j.dump(2, ' ', false, ordered_json::error_handler_t::replace) + "\n";
}

}  // namespace heddle::inline v0::cli
