// SPDX-License-Identifier: BSL-1.0
#include "standstill.hpp"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <tuple>

namespace heddle::inline v0::check {

namespace {

// What a step is apart from when it happens: the same once more says that nothing has changed since.
using step_key = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t, action>;

step_key key_of(const event& e) {
    return {e.pc, e.address, e.value, e.what};
}

// It leaves the world as it was. An update that finds the same each time is one that fails, or undoes itself.
bool only_looks(action a) {
    switch (a) {
        case action::none:
        case action::read:
        case action::atomic_load:
        case action::atomic_update:
        case action::mutex_trylock:
        case action::read_trylock:
        case action::write_trylock:
        case action::semaphore_trywait:
        case action::yield:
        case action::sleep:
        case action::fence:
        case action::file_wait:
        case action::choose:
            return true;
        default:
            return false;
    }
}

struct activity {
    std::uint64_t steps = 0;
    std::map<step_key, std::size_t> seen{};  // with the first event
    bool only_looks = true;
    bool gets_on = false;  // it has started, ended, or started another
};

// So many different steps among so many more are a loop; a thread that counts or walks through memory has
// others.
bool goes_round(const activity& a) {
    return !a.gets_on && a.steps >= 20 && a.seen.size() * 4 <= a.steps;
}

std::string label(std::uint32_t thread) {
    return thread == 0 ? "main" : "T" + std::to_string(thread);
}

template <class List, class F> std::string joined(const List& list, F&& text) {
    std::string all;
    for (std::size_t i = 0; i < list.size(); ++i)
        all += (i == 0 ? "" : i + 1 == list.size() ? " and " : ", ") + text(list[i]);
    return all;
}

}  // namespace

standstill look_at_standstill(const recording& r) {
    standstill s;
    const std::size_t begin = r.events.size() - std::min<std::size_t>(r.events.size() / 2, 20'000);
    std::vector<activity> threads(r.threads.size());
    std::vector<std::uint64_t> could(r.threads.size(), 0);
    for (std::size_t i = begin; i < r.events.size(); ++i) {
        const event& e = r.events[i];
        if (e.thread >= threads.size()) continue;
        activity& a = threads[e.thread];
        ++a.steps;
        a.seen.try_emplace(key_of(e), i);
        a.only_looks &= only_looks(e.what);
        a.gets_on |=
            e.what == action::thread_start || e.what == action::thread_create || e.what == action::exit;
        if ((e.flags & event_chosen) != 0) continue;
        for (std::uint32_t n = 0; n < r.threads.size(); ++n) {
            const thread_record& t = r.threads[n];
            if (t.state == thread_state::ready && t.slot < 64 && (e.candidates >> t.slot & 1) != 0)
                ++could[n];
        }
    }
    const std::size_t looked_at = r.events.size() - begin;
    bool somebody_gets_on = false;
    for (std::uint32_t n = 0; n < threads.size(); ++n) {
        const activity& a = threads[n];
        if (goes_round(a)) {
            circling_thread c{.thread = n, .only_looks = a.only_looks};
            for (const auto& [key, at] : a.seen) c.round.push_back(at);
            std::sort(c.round.begin(), c.round.end());
            s.circling.push_back(std::move(c));
        } else if (a.steps > 0) {
            somebody_gets_on = true;
        } else if (r.threads[n].state == thread_state::ready && could[n] * 10 >= looked_at * 9) {
            s.starved.push_back(n);
        }
    }
    if (looked_at < 20) return s;
    const bool someone_waits_in_vain = std::any_of(s.circling.begin(), s.circling.end(),
                                                   [](const circling_thread& c) { return c.only_looks; });
    if (!s.starved.empty())
        s.kind = failure_kind::starvation;
    else if (somebody_gets_on)
        s.kind = someone_waits_in_vain ? failure_kind::starvation : failure_kind::no_progress;
    else if (s.circling.size() > 1)
        s.kind = failure_kind::livelock;
    else if (s.circling.size() == 1)
        s.kind = s.circling[0].only_looks ? failure_kind::endless_spin : failure_kind::livelock;
    return s;
}

std::string describe(const standstill& s) {
    const auto name = [](const circling_thread& c) { return label(c.thread); };
    const std::string circling = joined(s.circling, name);
    const bool one = s.circling.size() == 1;
    switch (s.kind) {
        case failure_kind::livelock:
            return circling + (one ? " goes" : " go") + " round the same steps and " +
                   (one ? "gets" : "get") + " nowhere";
        case failure_kind::endless_spin:
            return circling + " waits in a loop for what nobody does";
        case failure_kind::starvation: {
            if (!s.starved.empty())
                return joined(s.starved, label) + " could go on, and others are chosen every time";
            std::vector<std::uint32_t> in_vain;
            for (const circling_thread& c : s.circling)
                if (c.only_looks) in_vain.push_back(c.thread);
            return joined(in_vain, label) + " waits in a loop in vain, while others get on";
        }
        default:
            return "the schedule did not end within the limit of steps; if it only takes long, see "
                   "--max-steps";
    }
}

failure_kind exact_kind(const recording& r, failure_kind k) {
    return k == failure_kind::no_progress ? look_at_standstill(r).kind : k;
}

bool is_standstill(failure_kind k) noexcept {
    return k == failure_kind::no_progress || k == failure_kind::livelock || k == failure_kind::endless_spin ||
           k == failure_kind::starvation;
}

}  // namespace heddle::inline v0::check
