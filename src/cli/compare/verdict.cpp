// SPDX-License-Identifier: BSL-1.0
// Which model to use: of those that no other clearly beats, and that are not slower than sequential, the one that
// asks least of the programmer, in the order sequential, coroutines, threads, processes.
#include "figures_text.hpp"
#include "result.hpp"

#include <fmt/format.h>
#include <algorithm>

namespace heddle::inline v0::cli {

namespace {

// Differences below this are never worth a change of model, even where the runs happen to lie close together.
constexpr double worth_it = 0.05;

// Runs of one model that differ by more than this say more about what else the machine did than about the
// model.
constexpr double disturbed = 0.25;

constexpr double mostly = 0.75;
constexpr double hardly = 0.25;

// Whether the runs leave no doubt that `a` is faster than `b`, and by enough to matter.
bool clearly_faster(const model_result& a, const model_result& b) {
    return a.wall.max < b.wall.min && a.wall.median * (1 + worth_it) < b.wall.median;
}

// Whether nothing speaks against `m`: no model is clearly faster, and it is not slower than doing without it.
bool can_be_advised(const model_result& m, const comparison& c) {
    for (const auto& other : c.models)
        if (other.ok() && clearly_faster(other, m)) return false;
    const model_result* const sequential = c.find(model::sequential);
    return sequential == nullptr || sequential == &m || m.wall.median < sequential->wall.median;
}

std::string times(double x) {
    return fmt::format("{:.1f}x", x);
}

// The share of item time that was spent on a CPU, from the model in which it is told most truly.
const model_result* teller(const comparison& c) {
    for (const model m : {model::sequential, model::threads, model::processes})
        if (const auto* r = c.find(m)) return r;
    return nullptr;
}

std::string because(const comparison& c, const model_result& chosen) {
    const model_result* const told = teller(c);
    if (told == nullptr) return fmt::format("it took {}", duration_text(chosen.wall.median));
    const std::string on_cpu =
        fmt::format("{:.0f} % of the items' time is spent on a CPU", told->cpu_share * 100);
    const double busy = chosen.wall.median > 0 ? chosen.cpu / chosen.wall.median : 0;
    switch (chosen.which) {
        case model::sequential:
            return fmt::format("{}, and no other model was faster by more than the noise and {:.0f} %",
                               on_cpu, worth_it * 100);
        case model::coroutines:
            if (told->cpu_share > mostly)
                return fmt::format("{}, so one thread does it all, and the others were no faster", on_cpu);
            return fmt::format(
                "only {}, so what counts is how many items are in flight: {} at once, on one thread", on_cpu,
                chosen.workers);
        case model::threads:
            if (told->cpu_share < hardly)
                return fmt::format(
                    "only {}, so what counts is how many items are in flight: {} threads at once", on_cpu,
                    chosen.workers);
            return fmt::format("{}, and {} threads kept {:.1f} of {} CPUs busy", on_cpu, chosen.workers, busy,
                               c.cpus);
        case model::processes:
            return fmt::format("{}, and {} processes kept {:.1f} of {} CPUs busy, with {} moved between them",
                               on_cpu, chosen.workers, busy, c.cpus, memory_text(chosen.bytes_moved));
    }
    return {};
}

}  // namespace

std::optional<verdict> judge(const comparison& c) {
    std::vector<const model_result*> equals;  // the simplest first
    for (const model m : all_models)
        if (const model_result* const r = c.find(m); r != nullptr && can_be_advised(*r, c)) equals.push_back(r);
    if (equals.empty()) return std::nullopt;  // only if nothing succeeded: the fastest can always be advised
    const model_result* const chosen = equals.front();

    verdict v;
    v.use = chosen->which;
    v.noise = equals.size() > 1;
    const auto* const sequential = c.find(model::sequential);
    std::string gain;
    if (sequential != nullptr && chosen != sequential)
        gain = fmt::format(", {} as fast as sequential", times(chosen->speed_up));
    v.sentence = fmt::format("use {}{}: {}", name_of(v.use), gain, because(c, *chosen));

    if (v.noise) {
        std::string names;
        for (const auto* o : equals)
            if (o != chosen)
                names += fmt::format("{}{} ({})", names.empty() ? "" : ", ", name_of(o->which),
                                     duration_text(o->wall.median));
        v.reasons.push_back(fmt::format(
            "the difference to {} is noise: within the spread of the runs, or below {:.0f} %; of equals "
            "the one that is simplest to program is taken",
            names, worth_it * 100));
        const auto spread = [](const model_result* m) {
            return m->wall.median > 0 ? (m->wall.max - m->wall.min) / 2 / m->wall.median : 0;
        };
        double widest = 0;
        for (const auto* m : equals) widest = std::max(widest, spread(m));
        if (widest > disturbed)
            v.reasons.push_back(fmt::format(
                "runs of the same model differ by up to ±{:.0f} %, as where something else uses this "
                "machine; compare again when it is quiet, or with a higher --repeat",
                widest * 100));
    }
    const auto* const told = teller(c);
    const auto* const threads = c.find(model::threads);
    const auto* const processes = c.find(model::processes);
    const auto* const coroutines = c.find(model::coroutines);
    if (told != nullptr && told->cpu_share > mostly && coroutines != nullptr && sequential != nullptr)
        v.reasons.push_back(fmt::format("coroutines share one CPU: {} where sequential took {}",
                                        duration_text(coroutines->wall.median),
                                        duration_text(sequential->wall.median)));
    if (processes != nullptr && threads != nullptr)
        v.reasons.push_back(fmt::format(
            "processes moved {} and used {} of CPU where threads used {}; {} of "
            "memory against {}",
            memory_text(processes->bytes_moved), duration_text(processes->cpu), duration_text(threads->cpu),
            memory_text(processes->memory), memory_text(threads->memory)));
    if (told != nullptr && told->cpu_share < hardly && coroutines != nullptr && threads != nullptr)
        v.reasons.push_back(fmt::format("with {} items in flight coroutines needed {}, threads {}",
                                        coroutines->workers, memory_text(coroutines->memory),
                                        memory_text(threads->memory)));
    return v;
}

}  // namespace heddle::inline v0::cli
