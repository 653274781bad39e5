// SPDX-License-Identifier: BSL-1.0
#include "generate.hpp"

#include <cmath>
#include <heddle/policy/random_stream.hpp>
#include <stdexcept>

#include "lines.hpp"

namespace heddle::inline v0::sched {

namespace {

struct recipe {
    double n = 20;
    double load = 0.8;    // of all CPUs
    double burst = 10;    // mean
    double group = 5;     // bursty: how many come together
    double alpha = 1.5;   // heavy: the tail's exponent
    double io = 0;        // mean wait between a task's bursts
    double rounds = 1;    // bursts a task has
    double seed = 1;
};

recipe parsed(const std::vector<std::string_view>& words) {
    recipe r;
    const std::pair<std::string_view, double*> known[] = {{"n", &r.n},         {"load", &r.load}, {"burst", &r.burst},
                                                          {"group", &r.group}, {"alpha", &r.alpha}, {"io", &r.io},
                                                          {"rounds", &r.rounds}, {"seed", &r.seed}};
    for (std::size_t i = 1; i < words.size(); ++i) {
        const std::size_t equals = words[i].find('=');
        double* into = nullptr;
        for (const auto& [name, place] : known)
            if (equals != std::string_view::npos && words[i].substr(0, equals) == name) into = place;
        const auto value = equals == std::string_view::npos ? std::nullopt : number_in<double>(words[i].substr(equals + 1));
        if (into == nullptr || !value || !(*value >= 0) || *value > 1e9)
            throw std::invalid_argument("generate: " + in_quotes(words[i]) + " is not understood; there are n, load, burst, group, alpha, io, rounds and seed, each =NUMBER");
        *into = *value;
    }
    if (r.n * r.rounds > 1e7)
        throw std::invalid_argument("generate: n times rounds is at most 10 million");
    if (r.n < 1 || r.load <= 0 || r.burst < 1 || r.group < 1 || r.alpha <= 1 || r.rounds < 1)
        throw std::invalid_argument("generate: n, burst, group and rounds are at least 1, load is positive and alpha above 1");
    return r;
}

class maker {
 public:
    maker(const recipe& r, int cpus) : recipe_(r), random_(static_cast<std::uint64_t>(r.seed)), cpus_(cpus) {}

    double exponential(double mean) { return -mean * std::log1p(-random_.unit()); }
    // Pareto with the mean that was asked for.
    double heavy(double mean) {
        return mean * (recipe_.alpha - 1) / recipe_.alpha / std::pow(1 - random_.unit(), 1 / recipe_.alpha);
    }
    static duration rounded(double t) { return duration(std::max<std::int64_t>(1, std::llround(std::min(t, 1e15)))); }

    workload arrivals(std::string_view kind) {
        workload w;
        const double work = recipe_.burst * recipe_.rounds;
        const double each = kind == "bursty" ? recipe_.group : 1;
        double now = 0;
        const auto count = static_cast<std::size_t>(recipe_.n);
        for (std::size_t i = 0; i < count; ++i) {
            if (i % static_cast<std::size_t>(each) == 0 && i > 0) now += exponential(each * work / recipe_.load / cpus_);
            task_spec t;
            t.name = "P" + std::to_string(i + 1);
            t.arrival = time(duration(std::llround(now)));
            for (int round = 0; round < static_cast<int>(recipe_.rounds); ++round) {
                if (round > 0 && recipe_.io > 0) t.steps.push_back({step_kind::wait, rounded(exponential(recipe_.io)), 0});
                const double length = kind == "heavy" ? heavy(recipe_.burst) : exponential(recipe_.burst);
                t.steps.push_back({step_kind::compute, rounded(length), 0});
            }
            t.priority = static_cast<int>(random_.below(5));
            w.tasks.push_back(std::move(t));
        }
        return w;
    }

    // Shares of the load by UUniFast: E. Bini, G. Buttazzo, Real-Time Systems 30, 2005. Periods have a small common multiple.
    workload periodic() {
        constexpr int periods[] = {20, 25, 40, 50, 80, 100, 200, 400};
        workload w;
        const auto count = static_cast<std::size_t>(recipe_.n);
        double left = recipe_.load * cpus_;
        for (std::size_t i = 0; i < count; ++i) {
            const std::size_t others = count - i - 1;
            const double rest = others == 0 ? 0 : left * std::pow(random_.unit(), 1.0 / static_cast<double>(others));
            const int period = periods[random_.below(std::size(periods))] * 10;
            task_spec t;
            t.name = "P" + std::to_string(i + 1);
            t.period = duration(period);
            const double share = std::min(1.0, left - rest);
            t.steps.push_back({step_kind::compute, duration(std::max<std::int64_t>(1, static_cast<std::int64_t>(share * period))), 0});
            left = rest;
            w.tasks.push_back(std::move(t));
        }
        return w;
    }

 private:
    const recipe recipe_;
    policy::random_stream random_;
    int cpus_;
};

}  // namespace

workload generate(std::string_view description, int cpus) {
    std::string text(description);
    std::replace(text.begin(), text.end(), ':', ' ');
    std::vector<std::string_view> words;
    split(text, words);
    const std::string_view kind = words.empty() ? "" : words.front();
    if (kind != "poisson" && kind != "bursty" && kind != "heavy" && kind != "periodic")
        throw std::invalid_argument("generate: " + in_quotes(kind) + " is not known; there are poisson, bursty, heavy and periodic");
    maker m(parsed(words), cpus);
    return kind == "periodic" ? m.periodic() : m.arrivals(kind);
}

}  // namespace heddle::inline v0::sched
