// SPDX-License-Identifier: BSL-1.0
#include <map>

#include "lines.hpp"
#include "trace.hpp"

namespace heddle::inline v0::sched {

namespace {

// The value of "key=value"; values end with a blank, but for names, which may have some.
std::optional<std::string_view> value_of(std::string_view text, std::string_view key,
                                         std::string_view until = " ") {
    for (std::size_t at = text.find(key); at != std::string_view::npos; at = text.find(key, at + 1)) {
        if (at > 0 && text[at - 1] != ' ') continue;
        const std::string_view rest = text.substr(at + key.size());
        return rest.substr(0, rest.find(until));
    }
    return std::nullopt;
}

int number_or_fail(const lines& at, std::optional<std::string_view> text, const char* what) {
    const auto n = text ? number_in<int>(trimmed(*text)) : std::nullopt;
    if (!n) at.fail(std::string("expected ") + what);
    return *n;
}

// "comm:pid [prio]", as perf shortens it.
void take_short(const lines& at, std::string_view text, std::string_view& comm, int& pid, int& priority) {
    const std::size_t bracket = text.rfind(" [");
    const std::size_t colon = text.rfind(':', bracket);
    if (bracket == std::string_view::npos || colon == std::string_view::npos)
        at.fail("expected NAME:PID [PRIORITY]");
    comm = trimmed(text.substr(0, colon));
    pid = number_or_fail(at, text.substr(colon + 1, bracket - colon - 1), "a process id after the name");
    priority = number_or_fail(at, text.substr(bracket + 2, text.find(']', bracket) - bracket - 2),
                              "a priority in brackets");
}

bool is_ready(std::string_view state) {
    return state.starts_with('R');
}

void take_switch(const lines& at, std::string_view text, trace_event& e) {
    const std::size_t arrow = text.find(" ==> ");
    if (arrow == std::string_view::npos) at.fail("expected PREVIOUS ==> NEXT after sched_switch");
    const std::string_view before = trimmed(text.substr(0, arrow)), after = trimmed(text.substr(arrow + 5));
    if (before.starts_with("prev_comm=")) {
        e.previous_comm = *value_of(before, "prev_comm=", " prev_pid=");
        e.previous = number_or_fail(at, value_of(before, "prev_pid="), "prev_pid=NUMBER");
        e.previous_priority = number_or_fail(at, value_of(before, "prev_prio="), "prev_prio=NUMBER");
        const auto state = value_of(before, "prev_state=");
        if (!state) at.fail("expected prev_state=…");
        e.still_ready = is_ready(*state);
        e.comm = value_of(after, "next_comm=", " next_pid=").value_or("");
        e.pid = number_or_fail(at, value_of(after, "next_pid="), "next_pid=NUMBER");
        e.priority = number_or_fail(at, value_of(after, "next_prio="), "next_prio=NUMBER");
        return;
    }
    const std::size_t state = before.rfind("] ");
    if (state == std::string_view::npos)
        at.fail("expected NAME:PID [PRIORITY] STATE ==> NAME:PID [PRIORITY]");
    take_short(at, before.substr(0, state + 1), e.previous_comm, e.previous, e.previous_priority);
    e.still_ready = is_ready(before.substr(state + 2));
    take_short(at, after, e.comm, e.pid, e.priority);
}

void take_wake(const lines& at, std::string_view text, trace_event& e) {
    e.wakes = true;
    if (text.starts_with("comm=")) {
        e.comm = *value_of(text, "comm=", " pid=");
        e.pid = number_or_fail(at, value_of(text, "pid="), "pid=NUMBER");
        e.priority = number_or_fail(at, value_of(text, "prio="), "prio=NUMBER");
        return;
    }
    const std::size_t end = text.find(']');
    take_short(at, text.substr(0, end == std::string_view::npos ? end : end + 1), e.comm, e.pid, e.priority);
}

// "  name-12 [001] d..2. 1234.567890: sched_switch: …": CPU and time are before the event's name.
void take_place(const lines& at, std::string_view head, trace_event& e) {
    std::optional<std::int64_t> when;
    bool cpu = false;
    std::vector<std::string_view> words;
    split(head, words);
    for (const std::string_view w : words) {
        if (w.size() > 2 && w.front() == '[' && w.back() == ']')
            if (const auto n = number_in<std::uint32_t>(w.substr(1, w.size() - 2))) {
                e.cpu = *n;
                cpu = true;
            }
        const std::size_t dot = w.find('.');
        if (cpu && !when && w.back() == ':' && dot != std::string_view::npos) {
            const auto seconds = number_in<std::int64_t>(w.substr(0, dot));
            std::string fraction(w.substr(dot + 1, w.size() - dot - 2));
            if (!seconds || *seconds < 0 || *seconds > 4'000'000'000 || fraction.empty() ||
                fraction.size() > 9 || fraction.find_first_not_of("0123456789") != std::string::npos)
                continue;
            fraction.resize(9, '0');
            when = *seconds * 1'000'000'000 + *number_in<std::int64_t>(fraction);
        }
    }
    if (!cpu || e.cpu > 1'000'000) at.fail("expected the CPU, as in [001], before the event");
    if (!when) at.fail("expected the time in seconds, as in 1234.567890:, before the event");
    e.at = *when;
}

bool take_event(const lines& at, std::string_view line, trace_event& e) {
    for (const std::string_view name :
         {"sched_switch: ", "sched_wakeup: ", "sched_wakeup_new: ", "sched_waking: "}) {
        const std::size_t found = line.find(name);
        if (found == std::string_view::npos) continue;
        std::string_view head = line.substr(0, found);
        if (head.ends_with("sched:")) head.remove_suffix(6);
        take_place(at, head, e);
        const std::string_view rest = trimmed(line.substr(found + name.size()));
        if (name == "sched_switch: ")
            take_switch(at, rest, e);
        else
            take_wake(at, rest, e);
        return true;
    }
    return false;
}

class builder {
 public:
    trace result;

    void take(const trace_event& e) {
        if (events_++ == 0) result.begin = e.at;
        result.end = std::max(result.end, e.at);
        result.cpus = std::max(result.cpus, static_cast<int>(e.cpu) + 1);
        if (e.wakes) {
            if (e.pid != 0) task(e.pid, e.comm, e.priority, e.at).wakes.push_back(e.at);
            return;
        }
        leave(e);
        if (e.pid == 0) return;
        traced_task& t = task(e.pid, e.comm, e.priority, e.at);
        if (is_running(t)) {
            // It has left its other CPU at the latest when it woke.
            const auto woken = std::upper_bound(t.wakes.begin(), t.wakes.end(), t.spans.back().begin);
            end_unseen(t, woken != t.wakes.end() ? *woken : e.at);
        }
        t.spans.push_back({e.at, -1, e.cpu});
        running_[e.cpu] = e.pid;
    }

    void finish() {
        for (traced_task& t : result.tasks)
            for (std::size_t i = 0; i < t.spans.size(); ++i) {
                traced_task::span& s = t.spans[i];
                if (s.end < 0) s.end = result.end;
                if (!s.guessed || i + 1 == t.spans.size()) continue;
                // Whether it waited for something or for a CPU is known by its wake-ups.
                const auto woken = std::lower_bound(t.wakes.begin(), t.wakes.end(), s.end);
                s.interrupted = woken == t.wakes.end() || *woken > t.spans[i + 1].begin;
            }
    }

 private:
    traced_task& task(int pid, std::string_view comm, int priority, std::int64_t at) {
        const auto [found, is_new] = places_.try_emplace(pid, result.tasks.size());
        if (is_new) {
            result.tasks.push_back({pid, std::string(comm), priority, {}, {}, at});
        } else if (!comm.empty()) {
            result.tasks[found->second].name = std::string(comm);  // exec gives a new one
        }
        result.tasks[found->second].priority = priority;
        return result.tasks[found->second];
    }

    static bool is_running(const traced_task& t) { return !t.spans.empty() && t.spans.back().end < 0; }

    // A task is not where it was last seen any more.
    void end_unseen(traced_task& t, std::int64_t when) {
        traced_task::span& s = t.spans.back();
        s.end = std::max(s.begin, when);
        s.guessed = true;
        running_.erase(s.cpu);
        last_[s.cpu] = s.end;
        ++result.rebuilt;
    }

    // Who ran before. Not every switch is in a trace. One that runs and was not switched to has run since it
    // woke, or since something was last known of it or of this CPU; if that was another task, nothing is
    // known of when it left, and each has half of the time.
    void leave(const trace_event& e) {
        const auto at = running_.find(e.cpu);
        traced_task* const seen = at == running_.end() ? nullptr : &result.tasks[places_.at(at->second)];
        if (seen != nullptr && seen->pid == e.previous) {
            seen->spans.back().end = e.at;
            seen->spans.back().interrupted = e.still_ready;
            running_.erase(at);
        } else if (e.previous == 0) {
            if (seen != nullptr) end_unseen(*seen, e.at);
        } else {
            const int seen_pid = seen == nullptr ? 0 : seen->pid;
            traced_task& t = task(e.previous, e.previous_comm, e.previous_priority, e.at);
            std::int64_t begin = last_.contains(e.cpu) ? last_[e.cpu] : result.begin;
            if (!t.wakes.empty()) begin = std::max(begin, t.wakes.back());
            if (is_running(t)) {
                begin = std::max(begin, t.spans.back().begin);
                end_unseen(t, begin);
            } else if (!t.spans.empty()) {
                begin = std::max(begin, t.spans.back().end);
            }
            if (seen_pid != 0) {
                traced_task& other = result.tasks[places_.at(seen_pid)];  // t may be new, and have moved it
                const std::int64_t since = other.spans.back().begin;
                if (begin <= since) begin = since + (e.at - since) / 2;
                end_unseen(other, begin);
            }
            t.spans.push_back({begin, e.at, e.cpu, e.still_ready});
            t.first_seen = std::min(t.first_seen, begin);
            ++result.rebuilt;
        }
        last_[e.cpu] = e.at;
    }

    std::map<int, std::size_t> places_;
    std::map<std::uint32_t, int> running_;        // by CPU
    std::map<std::uint32_t, std::int64_t> last_;  // when something was last known of a CPU
    std::size_t events_ = 0;
};

}  // namespace

trace parse_trace(std::string_view text, const std::string& name) {
    lines at(text, name);
    builder b;
    std::int64_t latest = 0;
    std::size_t events = 0;
    for (std::string_view line; at.next(line);) {
        if (line.empty() || line.front() == '#') continue;
        trace_event e;
        if (!take_event(at, line, e)) {
            b.result.lost =
                b.result.lost || (line.find("LOST ") != std::string_view::npos && line.ends_with("EVENTS]"));
            continue;
        }
        if (e.at < latest) at.fail("expected events in the order of time");
        latest = e.at;
        ++events;
        b.take(e);
    }
    if (events == 0)
        throw input_error(name, at.number() + 1,
                          "expected sched_switch and sched_wakeup events, and there are none");
    b.finish();
    return std::move(b.result);
}

workload workload_of(const trace& t) {
    workload w;
    w.unit = time_unit::nanoseconds;
    w.cpus = t.cpus;
    for (const traced_task& traced : t.tasks) {
        if (traced.spans.empty()) continue;
        task_spec task;
        task.name = traced.name + "-" + std::to_string(traced.pid);
        if (traced.priority < 100) {
            task.kind = traced.priority < 0 ? task_class::deadline : task_class::fifo;
            task.priority = 99 - traced.priority;
        } else {
            task.nice = std::clamp(traced.priority - 120, -20, 19);
        }
        // It is there from its first wake-up, and ready from a wake-up on or after an interruption.
        std::int64_t ready = traced.first_seen;
        task.arrival = time(duration(ready - t.begin));
        std::int64_t run = 0;
        bool blocked = false;
        std::int64_t since = ready;
        auto wake = traced.wakes.begin();
        for (const traced_task::span& s : traced.spans) {
            if (blocked) {
                while (wake != traced.wakes.end() && *wake < since) ++wake;
                const std::int64_t woken = wake != traced.wakes.end() && *wake <= s.begin ? *wake : s.begin;
                task.steps.push_back({step_kind::compute, duration(run), 0});
                task.steps.push_back({step_kind::wait, duration(woken - since), 0});
                run = 0;
            }
            run += s.end - s.begin;
            blocked = !s.interrupted;
            since = s.end;
        }
        task.steps.push_back({step_kind::compute, duration(run), 0});
        w.tasks.push_back(std::move(task));
    }
    if (t.lost) w.notes.push_back("the trace says that events were lost: record with a larger buffer");
    if (t.rebuilt > 0)
        w.notes.push_back(std::to_string(t.rebuilt) + " switches were missing in the trace and were rebuilt");
    return w;
}

workload read_trace(std::string_view text, const std::string& name) {
    return workload_of(parse_trace(text, name));
}

}  // namespace heddle::inline v0::sched
