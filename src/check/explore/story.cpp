// SPDX-License-Identifier: BSL-1.0
#include "story.hpp"

#include <string.h>
#include <algorithm>
#include <map>
#include <set>

#include "event_text.hpp"
#include "standstill.hpp"

namespace heddle::inline v0::check {

namespace {

bool takes(action a) {
    switch (a) {
        case action::mutex_lock:
        case action::mutex_trylock:
        case action::read_lock:
        case action::write_lock:
        case action::read_trylock:
        case action::write_trylock:
        case action::semaphore_wait:
        case action::once_enter:
        case action::cond_wake:
            return true;
        default:
            return false;
    }
}

bool is_memory(action a) {
    return a == action::read || a == action::write || a == action::atomic_load || a == action::atomic_store ||
           a == action::atomic_update;
}

bool is_thread_action(action a) {
    return a == action::thread_create || a == action::thread_join || a == action::thread_detach;
}

bool is_signal_action(action a) {
    return a == action::signal_send || a == action::signal_wait || a == action::signal_handle;
}

std::string name_of_signal(std::uint64_t number) {
    const char* const name = number < 32 ? ::sigabbrev_np(static_cast<int>(number)) : nullptr;
    return name != nullptr ? std::string("SIG") + name : "signal " + std::to_string(number);
}

class teller {
 public:
    teller(const finding& f, const symbols& names) : f_(f), r_(f.shown), names_(names) {}

    story tell() {
        story s;
        threads(s);
        steps(s);
        ends(s);
        cycle(s);
        unheard(s);
        races(s);
        standing(s);
        if (r_.outcome.failed_thread != 0 && r_.outcome.failed_thread <= r_.threads.size()) {
            s.failed_thread = r_.outcome.failed_thread - 1;
            if (f_.kind != failure_kind::data_race && f_.kind != failure_kind::deadlock &&
                f_.kind != failure_kind::lost_wakeup && !is_standstill(f_.kind) &&
                f_.kind != failure_kind::priority_inversion)
                s.failed_stack = stack(r_.outcome.failed_stack);
        }
        return s;
    }

 private:
    const finding& f_;
    const recording& r_;
    const symbols& names_;
    std::map<std::uint64_t, std::string> unnamed_{};

    std::string label(std::size_t thread) const {
        return thread == 0 ? "main" : "T" + std::to_string(thread);
    }

    place place_of(const source_frame& f) const {
        return {f.function, f.file, f.line, f.own ? names_.source(f.file, f.line) : "", f.own};
    }

    // The frames of the program's own code, or all if there are none.
    std::vector<place> stack(std::uint32_t number) const {
        std::vector<place> own;
        std::vector<place> all;
        const stack_record* const record = r_.stack_of(number);
        for (std::uint64_t i = 0; record != nullptr && i < record->depth; ++i)
            for (const source_frame& f : names_.frames_at(record->pc[i])) {
                if (f.own) own.push_back(place_of(f));
                if (!f.function.empty()) all.push_back(place_of(f));
            }
        return own.empty() ? all : own;
    }

    // The innermost frame of the program's own code.
    place place_at(std::uint64_t pc, std::uint32_t number) const {
        const stack_record* const record = r_.stack_of(number);
        for (std::uint64_t i = 0; record != nullptr && i < record->depth; ++i)
            for (const source_frame& f : names_.frames_at(record->pc[i]))
                if (f.own) return place_of(f);
        for (const source_frame& f : names_.frames_at(pc))
            if (f.own) return place_of(f);
        return pc == 0 ? place{} : place_of(names_.frames_at(pc).front());
    }

    // Its name in the program; what has none gets a letter.
    std::string object(std::uint64_t address) {
        if (address == 0) return "";
        if (std::string name = names_.name_of_data(address); !name.empty()) return name;
        const auto [at, is_new] = unnamed_.try_emplace(address);
        if (is_new) {
            for (std::size_t n = unnamed_.size() - 1;; n = n / 26 - 1) {
                at->second.insert(at->second.begin(), static_cast<char>('A' + n % 26));
                if (n < 26) break;
            }
        }
        return at->second;
    }

    std::string object_of(action what, std::uint64_t address, std::uint64_t value) {
        if (is_thread_action(what)) return label(value);
        if (what == action::choose) return std::to_string(value);
        if (is_signal_action(what)) return signal_text(what, value);
        if (what == action::thread_start || what == action::thread_end || what == action::exit) return "";
        return is_memory(what) ? memory(address) : object(address);
    }

    // Its number, and of one that is sent the receiver; of a wait all that are waited for.
    std::string signal_text(action what, std::uint64_t value) const {
        if (what == action::signal_handle) return name_of_signal(value);
        if (what == action::signal_send)
            return name_of_signal(value & 0xFF) +
                   (value >> 8 == 0 ? " to the process" : " to " + label((value >> 8) - 1));
        std::string names;
        for (unsigned n = 1; n <= 64; ++n)
            if ((value >> (n - 1) & 1) != 0) names += (names.empty() ? "" : " or ") + name_of_signal(n);
        return names;
    }

    std::string memory(std::uint64_t address) {
        const std::string name = object(address);
        return unnamed_.count(address) == 0 ? name : "object " + name;
    }

    void threads(story& s) const {
        for (std::size_t n = 0; n < r_.threads.size(); ++n) {
            const thread_record& t = r_.threads[n];
            thread_story one;
            one.label = label(n);
            one.name = std::string(t.name, std::find(t.name, t.name + sizeof t.name, '\0'));
            if (n > 0) {
                one.created_by = label(t.parent);
                // Its creator may not have gone on since.
                if (const thread_record& creator = r_.threads[t.parent];
                    creator.what == action::thread_create)
                    one.created_at = place_at(creator.pc, creator.stack);
                for (const event& e : r_.events)
                    if (e.what == action::thread_create && e.value == n)
                        one.created_at = place_at(e.pc, e.stack);
            }
            if (one.name.empty()) one.name = function_of(n);
            s.threads.push_back(std::move(one));
        }
    }

    // The outermost function of the program's own that the thread was seen in, or what it was started with.
    std::string function_of(std::size_t thread) const {
        if (thread == 0) return "";
        for (const source_frame& f : names_.frames_at(r_.threads[thread].start + 1))
            if (f.own) return f.function;
        for (const event& e : r_.events)
            if (e.thread == thread && e.what != action::thread_start)
                if (const std::vector<place> s = stack(e.stack); !s.empty() && s.back().own)
                    return s.back().function;
        return "";
    }

    // Steps matter on what several threads touch and at least one changes; so do the threads' beginnings and
    // whatever was done just before a change of thread.
    std::set<std::uint64_t> shared_addresses() const {
        struct use {
            std::set<std::uint32_t> threads;
            bool written = false;
        };
        std::map<std::uint64_t, use> uses;
        for (const event& e : r_.events) {
            if (e.address == 0) continue;
            use& u = uses[e.address];
            u.threads.insert(e.thread);
            u.written |= (e.flags & event_writes) != 0;
        }
        for (const thread_record& t : r_.threads)
            if (t.address != 0 && t.state == thread_state::blocked) uses[t.address].written = true;
        std::set<std::uint64_t> result;
        for (const auto& [address, u] : uses)
            if (u.written && u.threads.size() > 1) result.insert(address);
        for (const thread_record& t : r_.threads)
            if (t.state == thread_state::blocked) result.insert(t.address);
        return result;
    }

    bool matters(const event& e, const std::set<std::uint64_t>& shared) const {
        switch (e.what) {
            case action::thread_create:
            case action::thread_join:
            case action::choose:
            case action::signal_send:
            case action::signal_wait:
            case action::signal_handle:
            case action::exit:
                return true;
            case action::thread_start:
            case action::thread_end:
            case action::thread_detach:
                return false;
            default:
                return shared.count(e.address) != 0 || (e.flags & event_timed_out) != 0;
        }
    }

    // A thread that goes round and round makes a great many.
    static constexpr std::size_t most_steps = 2000;

    void steps(story& s) {
        const std::set<std::uint64_t> shared = shared_addresses();
        std::size_t first = r_.events.size();
        for (std::size_t told = 0; first > 0 && told < most_steps; --first)
            told += matters(r_.events[first - 1], shared) ? 1 : 0;
        s.steps_before = first;
        std::vector<std::uint64_t> left_out(r_.threads.size(), 0);
        bool preempted = false;
        std::uint32_t before = first == 0 ? 0 : r_.events[first - 1].thread;
        for (; first < r_.events.size(); ++first) {
            const event& e = r_.events[first];
            if (e.thread >= r_.threads.size()) continue;
            if (e.thread != before) preempted = (e.flags & (event_forced | event_stood_back)) == 0;
            before = e.thread;
            if (!matters(e, shared)) {
                ++left_out[e.thread];
                continue;
            }
            step_story step;
            step.at = place_at(e.pc, e.stack);
            // What a library does with memory of its own, behind a call that has been shown.
            if (!step.at.own && is_memory(e.what)) {
                ++left_out[e.thread];
                continue;
            }
            step.thread = e.thread;
            step.what = done_text(e.what, object_of(e.what, e.address + e.offset, e.value));
            if ((e.flags & event_timed_out) != 0) step.what += " (timed out)";
            step.left_out = std::exchange(left_out[e.thread], 0);
            step.preempted = std::exchange(preempted, false);
            s.steps.push_back(std::move(step));
        }
    }

    const event* last_take(std::uint32_t thread, std::uint64_t address) const {
        for (auto e = r_.events.rbegin(); e != r_.events.rend(); ++e)
            if (e->thread == thread && e->address == address && takes(e->what)) return &*e;
        return nullptr;
    }

    void ends(story& s) {
        for (std::size_t n = 0; n < r_.threads.size(); ++n) {
            const thread_record& t = r_.threads[n];
            thread_story& one = s.threads[n];
            if (t.state != thread_state::blocked && t.state != thread_state::ready) continue;
            one.stack = stack(t.stack);
            if (t.state == thread_state::ready) {
                one.at_end = "could go on";
                continue;
            }
            const bool joins = t.what == action::thread_join;
            one.at_end = waits_text(t.what, joins && t.owner != 0           ? label(t.owner - 1)
                                            : t.what == action::signal_wait ? ""
                                                                            : object(t.address));
            if (t.owner != 0 && !joins) {
                one.at_end += ", held by " + (t.owner - 1 == n ? "itself" : label(t.owner - 1));
                if (const event* const e = last_take(t.owner - 1, t.address); e != nullptr)
                    one.at_end += " since " + where(place_at(e->pc, e->stack));
            }
        }
    }

    // Who waits for whom, beginning with somebody who is waited for by the last.
    void cycle(story& s) const {
        if (f_.kind != failure_kind::deadlock) return;
        const auto next = [&](std::size_t n) -> std::size_t {
            const thread_record& t = r_.threads[n];
            return t.state == thread_state::blocked && t.owner != 0 ? t.owner - 1 : r_.threads.size();
        };
        for (std::size_t begin = 0; begin < r_.threads.size(); ++begin) {
            std::vector<std::size_t> path;
            std::size_t n = begin;
            while (n < r_.threads.size() && std::find(path.begin(), path.end(), n) == path.end()) {
                path.push_back(n);
                n = next(n);
            }
            if (n != begin) continue;
            for (const std::size_t member : path)
                s.cycle.push_back(s.threads[member].label + " " + s.threads[member].at_end);
            return;
        }
    }

    void unheard(story& s) {
        for (std::size_t n = 0; n < r_.threads.size(); ++n) {
            const thread_record& t = r_.threads[n];
            if (t.unheard == 0) continue;
            for (auto e = r_.events.rbegin(); e != r_.events.rend(); ++e) {
                if (e->address != t.address ||
                    (e->what != action::cond_signal && e->what != action::cond_broadcast))
                    continue;
                s.notes.push_back(label(e->thread) + " signalled condition " + object(t.address) + " at " +
                                  where(place_at(e->pc, e->stack)) + " before " + label(n) +
                                  " waited there: nobody heard it");
                break;
            }
        }
    }

    // What each of those that go round does, a line of the source once.
    void standing(story& s) {
        if (!is_standstill(f_.kind)) return;
        constexpr std::size_t most = 6;
        for (const circling_thread& c : look_at_standstill(r_).circling) {
            std::vector<std::string> steps;
            for (const std::size_t i : c.round) {
                const event& e = r_.events[i];
                const std::string step = done_text(e.what, object_of(e.what, e.address + e.offset, e.value)) +
                                         " (" + where(place_at(e.pc, e.stack)) + ")";
                if (std::find(steps.begin(), steps.end(), step) == steps.end()) steps.push_back(step);
            }
            std::string text = label(c.thread) + " goes round: ";
            for (std::size_t i = 0; i < steps.size() && i < most; ++i)
                text += (i == 0 ? "" : ", ") + steps[i];
            if (steps.size() > most) text += " and " + std::to_string(steps.size() - most) + " more";
            s.notes.push_back(std::move(text));
        }
    }

    access_story access(const race_record::side& a, std::uint64_t address) {
        std::string what = a.atomic != 0 ? (a.writes != 0 ? "stores to atomic" : "loads atomic")
                                         : (a.writes != 0 ? "writes" : "reads");
        if (a.frees != 0) what = "frees";
        what += " " + memory(address);
        if (a.frees == 0) what += " (" + std::to_string(a.size) + (a.size == 1 ? " byte)" : " bytes)");
        access_story one{.thread = a.thread, .what = std::move(what), .stack = stack(a.stack)};
        if (a.stack == 0)
            // The earlier one: it was a step.
            for (auto e = r_.events.rbegin(); e != r_.events.rend() && one.stack.empty(); ++e)
                if (e->thread == a.thread && e->pc == a.pc) one.stack = stack(e->stack);
        if (one.stack.empty()) one.stack.push_back(place_at(a.pc, 0));
        return one;
    }

    void races(story& s) {
        for (const race_record& race : r_.races) {
            if (race.first.thread >= r_.threads.size() || race.second.thread >= r_.threads.size()) continue;
            s.races.push_back({access(race.first, race.address), access(race.second, race.address)});
        }
    }
};

}  // namespace

std::string where(const place& p) {
    if (p.line > 0) return p.file + ":" + std::to_string(p.line);
    return p.function.empty() ? "an unknown place" : p.function;
}

story tell(const finding& f, const symbols& names) {
    return teller(f, names).tell();
}

}  // namespace heddle::inline v0::check
