// SPDX-License-Identifier: BSL-1.0
#include <algorithm>
#include <array>
#include <charconv>
#include <heddle/policy/any_policy.hpp>
#include <heddle/policy/earliest_deadline_first.hpp>
#include <heddle/policy/fair_share.hpp>
#include <heddle/policy/fcfs.hpp>
#include <heddle/policy/linux_classes.hpp>
#include <heddle/policy/lottery.hpp>
#include <heddle/policy/multilevel_feedback.hpp>
#include <heddle/policy/multilevel_queue.hpp>
#include <heddle/policy/priority.hpp>
#include <heddle/policy/rate_monotonic.hpp>
#include <heddle/policy/round_robin.hpp>
#include <heddle/policy/shortest_remaining_time.hpp>
#include <heddle/policy/stride.hpp>
#include <initializer_list>

#include "duration_text.hpp"

namespace heddle::inline v0::policy {

namespace {

using words = std::vector<std::string_view>;

[[noreturn]] void refuse(const std::string& what) {
    throw std::invalid_argument("policy: " + what);
}

words split(std::string_view text, std::string_view separators) {
    words parts;
    while (!text.empty()) {
        const std::size_t end = std::min(text.find_first_of(separators), text.size());
        if (end > 0) parts.push_back(text.substr(0, end));
        text.remove_prefix(std::min(end + 1, text.size()));
    }
    return parts;
}

// What the words of one description set; each policy takes what it knows and refuses the rest.
class setup {
 public:
    setup(words w, const policy_defaults& d) : words_(std::move(w)), defaults(d) {}

    bool flag(std::string_view name) {
        const auto at = std::find(words_.begin(), words_.end(), name);
        if (at == words_.end()) return false;
        words_.erase(at);
        return true;
    }

    // The value of "name=value".
    std::optional<std::string_view> value(std::string_view name) {
        for (auto at = words_.begin(); at != words_.end(); ++at)
            if (at->size() > name.size() && at->starts_with(name) && (*at)[name.size()] == '=') {
                const std::string_view found = at->substr(name.size() + 1);
                words_.erase(at);
                return found;
            }
        return std::nullopt;
    }

    duration time_of(std::string_view name, duration otherwise) {
        const auto text = value(name);
        if (!text) return otherwise;
        return parsed(*text);
    }

    // Times that do not come from the description are real ones.
    void needs_real_time(std::string_view name, std::initializer_list<std::string_view> times) const {
        if (defaults.units != duration_units::none) return;
        std::string missing;
        for (const std::string_view time : times)
            if (std::none_of(words_.begin(), words_.end(), [&](std::string_view w) {
                    return w.size() > time.size() && w.starts_with(time) && w[time.size()] == '=';
                }))
                missing += (missing.empty() ? "" : ", ") + std::string(time) + "=";
        if (!missing.empty())
            refuse(std::string(name) +
                   " counts real time, and the times of the workload have no unit; give them one, or say " +
                   missing);
    }

    std::uint64_t number_of(std::string_view name, std::uint64_t otherwise) {
        const auto text = value(name);
        if (!text) return otherwise;
        std::uint64_t n = 0;
        const auto [rest, error] = std::from_chars(text->data(), text->data() + text->size(), n);
        if (error != std::errc() || rest != text->data() + text->size())
            refuse("'" + std::string(*text) + "' is not a number");
        return n;
    }

    // Durations that stand alone, between commas.
    std::vector<duration> durations(std::string_view name) {
        std::optional<std::string_view> list = value(name);
        if (!list && !words_.empty() && begins_as_number(words_.front())) {
            list = words_.front();
            words_.erase(words_.begin());
        }
        std::vector<duration> all;
        if (!list) return all;
        for (const std::string_view part : split(*list, ",/")) all.push_back(parsed(part));
        if (all.empty()) refuse(std::string(name) + "=" + std::string(*list) + " has no durations");
        return all;
    }

    duration quantum(duration otherwise) {
        auto given = durations("q");
        if (given.empty()) given = {time_of("quantum", otherwise)};
        if (given.size() != 1) refuse("this policy has one quantum");
        return given.front();
    }

    tie_break ties(tie_break otherwise) { return own_ties(defaults.ties.value_or(otherwise)); }

    tie_break own_ties(tie_break otherwise) {
        const auto text = value("ties");
        if (!text) return otherwise;
        if (*text == "arrival") return tie_break::arrival_then_id;
        if (*text == "order") return tie_break::arrival_then_order;
        if (*text == "id") return tie_break::id;
        refuse("ties=" + std::string(*text) + " is not known; there are arrival, order and id");
    }

    arrival_at_expiry at_expiry(arrival_at_expiry otherwise) {
        if (flag("arrivals_first")) return arrival_at_expiry::before_expired;
        if (flag("expired_first")) return arrival_at_expiry::after_expired;
        return otherwise;
    }

    void finish(std::string_view name) const {
        if (!words_.empty())
            refuse("'" + std::string(words_.front()) + "' is not understood by " + std::string(name));
    }

    duration parsed(std::string_view text) const {
        const duration_text d = duration_from(text);
        const std::string wrong =
            d.fault != duration_fault::none ? said(d.fault) : wrong_unit(d, text, defaults.units);
        if (!wrong.empty()) refuse("'" + std::string(text) + "' " + wrong);
        return d.value;
    }

 private:
    static bool begins_as_number(std::string_view word) {
        return (word[0] >= '0' && word[0] <= '9') || word[0] == '.';
    }

    words words_;

 public:
    const policy_defaults defaults;
};

shortest_job_options shortest(setup& s) {
    shortest_job_options o;
    o.ties = s.ties(o.ties);
    o.estimate = s.flag("predict");
    if (const auto text = s.value("alpha")) {
        const auto [rest, error] =
            std::from_chars(text->data(), text->data() + text->size(), o.estimate_weight);
        if (error != std::errc() || rest != text->data() + text->size())
            refuse("alpha=" + std::string(*text) + " is not a number from 0 to 1");
        o.estimate = true;
    }
    o.first_estimate = s.time_of("first", o.first_estimate);
    return o;
}

any_policy make_priority(setup& s) {
    priority_options o;
    const bool lower = s.flag("lower");
    const bool larger = s.flag("larger");
    o.order = lower || (!larger && s.defaults.lower_is_higher) ? priority_order::lower_is_higher
                                                               : priority_order::larger_is_higher;
    const bool preemptive = s.flag("preemptive");
    const bool nonpreemptive = s.flag("nonpreemptive");
    if (preemptive && nonpreemptive) refuse("priority is either preemptive or nonpreemptive");
    o.preemptive = preemptive || (!nonpreemptive && s.defaults.preemptive);
    o.age_every = s.time_of("age", o.age_every);
    o.quantum = s.quantum(o.quantum);
    o.displaced_last = s.flag("displaced_last");
    o.ties = s.ties(o.ties);
    return priority(o);
}

any_policy make_feedback(setup& s) {
    multilevel_feedback_options o;
    o.quanta = s.durations("q");
    const std::uint64_t levels = s.number_of("levels", o.quanta.size() > 1 ? o.quanta.size() : 3);
    if (levels < 1 || levels > 1000) refuse("mlfq has 1 to 1000 levels");
    if (o.quanta.empty()) o.quanta.push_back(s.defaults.quantum);
    o.quanta.resize(levels, o.quanta.back());
    o.allotments = s.durations("allot");
    if (!o.allotments.empty()) o.allotments.resize(levels, o.allotments.back());
    o.boost_every = s.time_of("boost", o.boost_every);
    o.wait_keeps_level = s.flag("stay");
    o.waited_first = s.flag("waited_first");
    o.displaced_last = s.flag("displaced_last");
    o.alone_stays = s.flag("alone_stays");
    o.at_expiry = s.at_expiry(o.at_expiry);
    o.ties = s.ties(o.ties);
    return multilevel_feedback(o);
}

// levels=rr/4,fcfs shares=8,2: times, one a level
any_policy make_levels(setup& s) {
    multilevel_queue_options o;
    const auto list = s.value("levels");
    const std::vector<duration> shares = s.durations("shares");
    for (const std::string_view part : split(list.value_or("rr,rr,fcfs"), ",")) {
        std::string description(part);
        std::replace(description.begin(), description.end(), '/', ' ');
        o.levels.push_back({make_policy(description, s.defaults), duration{}});
    }
    if (!shares.empty() && shares.size() != o.levels.size())
        refuse("mlq needs a share for each level, or none");
    for (std::size_t i = 0; i < shares.size(); ++i) o.levels[i].share = shares[i];
    o.preemptive = !s.flag("nonpreemptive");
    return multilevel_queue(std::move(o));
}

real_time_options real_time(setup& s) {
    real_time_options o;
    o.preemptive = !s.flag("nonpreemptive");
    o.ties = s.ties(o.ties);
    return o;
}

struct known_policy {
    std::array<std::string_view, 3> names;
    std::string_view words;
    any_policy (*make)(setup&);
};

// Made when the program is compiled: the checker's runtime has this file too, in programs without a C++
// library.
constexpr known_policy known[] = {
    {{"fcfs", "fifo", ""},
     "",
     [](setup& s) -> any_policy { return fcfs(s.ties(tie_break::arrival_then_id)); }},
    {{"sjf", "sjn", "shortest_job_next"},
     "predict alpha=0.5 first=DURATION",
     [](setup& s) -> any_policy { return shortest_job_next(shortest(s)); }},
    {{"srtf", "shortest_remaining_time", ""},
     "predict alpha=0.5 first=DURATION",
     [](setup& s) -> any_policy { return shortest_remaining_time(shortest(s)); }},
    {{"rr", "round_robin", ""},
     "QUANTUM arrivals_first|expired_first",
     [](setup& s) -> any_policy {
         return round_robin(round_robin_options{.quantum = s.quantum(s.defaults.quantum),
                                                .at_expiry = s.at_expiry(arrival_at_expiry::before_expired),
                                                .ties = s.ties(tie_break::arrival_then_id)});
     }},
    {{"priority", "prio", ""},
     "preemptive|nonpreemptive lower|larger age=DURATION q=QUANTUM displaced_last",
     make_priority},
    {{"mlq", "multilevel_queue", ""}, "levels=rr/4,fcfs shares=8,2 nonpreemptive", make_levels},
    {{"mlfq", "multilevel_feedback", ""},
     "QUANTA levels=3 allot=… boost=DURATION stay waited_first displaced_last alone_stays "
     "arrivals_first|expired_first",
     make_feedback},
    {{"lottery", "", ""},
     "QUANTUM seed=1",
     [](setup& s) -> any_policy {
         return lottery({.quantum = s.quantum(s.defaults.quantum),
                         .stream = random_stream(s.number_of("seed", s.defaults.seed))});
     }},
    {{"stride", "", ""},
     "QUANTUM constant=10000",
     [](setup& s) -> any_policy {
         return stride({.quantum = s.quantum(s.defaults.quantum),
                        .constant = static_cast<std::int64_t>(s.number_of("constant", 10000)),
                        .ties = s.own_ties(tie_break::id)});
     }},
    {{"fair", "fair_share", "eevdf"},
     "SLICE nonpreemptive",
     [](setup& s) -> any_policy {
         return fair_share({.slice = s.quantum(s.defaults.quantum), .preemptive = !s.flag("nonpreemptive")});
     }},
    {{"edf", "earliest_deadline_first", ""},
     "nonpreemptive",
     [](setup& s) -> any_policy { return earliest_deadline_first(real_time(s)); }},
    {{"rm", "rate_monotonic", ""},
     "nonpreemptive",
     [](setup& s) -> any_policy { return rate_monotonic(real_time(s)); }},
    {{"random", "random_choice", ""},
     "QUANTUM seed=1",
     [](setup& s) -> any_policy {
         return random_choice({.quantum = s.quantum(unlimited),
                               .stream = random_stream(s.number_of("seed", s.defaults.seed))});
     }},
    {{"linux", "linux_classes", ""},
     "rr=100ms slice=2.8ms server=50ms period=1s",
     [](setup& s) -> any_policy {
         s.needs_real_time("linux", {"rr", "slice", "server", "period"});
         linux_options o;
         o.round_robin_quantum = s.time_of("rr", o.round_robin_quantum);
         o.fair_slice = s.time_of("slice", o.fair_slice);
         o.server_runtime = s.time_of("server", o.server_runtime);
         o.server_period = s.time_of("period", o.server_period);
         return linux_classes(o);
     }},
};

}  // namespace

any_policy make_policy(std::string_view description, const policy_defaults& defaults) {
    words parts = split(description, " :");
    if (parts.empty()) refuse("there is no name");
    const std::string_view name = parts.front();
    parts.erase(parts.begin());
    for (const known_policy& k : known) {
        if (std::find(k.names.begin(), k.names.end(), name) == k.names.end()) continue;
        setup s(std::move(parts), defaults);
        any_policy made = k.make(s);
        s.finish(name);
        return made;
    }
    std::string there;
    for (const known_policy& k : known) there += (there.empty() ? "" : ", ") + std::string(k.names.front());
    refuse("'" + std::string(name) + "' is not known; there are " + there);
}

std::vector<std::pair<std::string, std::string>> policy_names() {
    std::vector<std::pair<std::string, std::string>> all;
    for (const known_policy& k : known) all.emplace_back(k.names.front(), k.words);
    return all;
}

}  // namespace heddle::inline v0::policy
