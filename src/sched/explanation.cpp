// SPDX-License-Identifier: BSL-1.0
#include <fmt/format.h>
#include <map>
#include <set>

#include "report.hpp"

namespace heddle::inline v0::sched {

namespace {

class teller {
 public:
    teller(const workload& w, const policy_run& r) : work_(w), run_(r) {}

    std::string tell() {
        const std::vector<event>& events = run_.run.events;
        for (std::size_t n = 0; n < events.size(); ++n) {
            const event& e = events[n];
            gets_it_ = e.kind == event_kind::wants_lock && n + 1 < events.size() &&
                       events[n + 1].kind == event_kind::gets_lock && events[n + 1].task == e.task;
            const std::string what = sentence(e);
            note(e);
            if (what.empty()) continue;
            text_ += fmt::format("at t={} {}", show(e.at, work_.unit), what);
            const bool choice = e.kind == event_kind::runs || e.kind == event_kind::expires ||
                                e.kind == event_kind::preempted;
            if (choice) text_ += why(e);
            text_ += choice ? waiting() : "\n";
        }
        for (const std::string& why : run_.run.stuck) text_ += "nobody can go on: " + why + "\n";
        return text_;
    }

 private:
    const std::string& name(std::size_t task) const { return work_.tasks[task].name; }
    std::string on(std::uint32_t cpu) const {
        return run_.run.cpus > 1 ? fmt::format(" on CPU {}", cpu) : "";
    }

    std::string sentence(const event& e) const {
        const std::string& who = name(e.task);
        const auto lock = [&] { return work_.locks[static_cast<std::size_t>(e.other)]; };
        switch (e.kind) {
            case event_kind::arrives:
                return who + " arrives";
            case event_kind::runs:
                return who + (ran_.contains(e.task) ? " goes on" : " begins") + on(e.cpu);
            case event_kind::expires:
                if (e.other != 0) return who + " has to stop" + on(e.cpu);
                return who + "'s quantum ends" + on(e.cpu);
            case event_kind::preempted:
                return who + " has to make way" + on(e.cpu);
            case event_kind::yields:
                return who + " lets others go first";
            case event_kind::waits:
                return who + fmt::format(" waits for a device, {} long", show(duration(e.other), work_.unit));
            case event_kind::wakes:
                return who + " has what it waited for and is ready";
            case event_kind::wants_lock:
                if (gets_it_) return "";
                return who + " waits for the lock " + lock() + ", which " + name(owners_.at(e.other)) +
                       " has";
            case event_kind::gets_lock:
                return who + " has the lock " + lock();
            case event_kind::unlocks:
                return who + " gives up the lock " + lock();
            case event_kind::inherits:
                return who + fmt::format(" has the priority {} now", e.other);
            case event_kind::finishes:
                return who + " is done";
            case event_kind::misses:
                return who + fmt::format(" misses its deadline, with {} left to do",
                                         show(duration(e.other), work_.unit));
            case event_kind::dropped:
                return who + " is given up";
            case event_kind::stolen:
                return fmt::format("CPU {} takes {} from CPU {}", e.cpu, who, e.other);
        }
        return "";
    }

    // Nothing had to be decided if nobody else was ready.
    std::string why(const event& e) const {
        const bool said = (e.kind == event_kind::runs && !ready_.empty()) || e.kind == event_kind::expires;
        if (!said || e.other == 0) return "";
        const policy::reason& r = run_.run.reasons[static_cast<std::size_t>(e.other) - 1];
        std::string text = ": " + std::string(r.words);
        if (r.is == policy::reason::number::count) text += fmt::format(" {}", r.value);
        if (r.is == policy::reason::number::length) text += " " + show(duration(r.value), work_.unit);
        if (r.is == policy::reason::number::moment) text += " " + show(time(duration(r.value)), work_.unit);
        return text;
    }

    void note(const event& e) {
        switch (e.kind) {
            case event_kind::arrives:
            case event_kind::wakes:
            case event_kind::expires:
            case event_kind::preempted:
            case event_kind::yields:
                ready_.insert(e.task);
                break;
            case event_kind::wants_lock:
                if (!gets_it_) blocked_.insert(e.task);
                break;
            case event_kind::gets_lock:  // one that had to wait for it is ready again
                owners_[e.other] = e.task;
                if (blocked_.erase(e.task) != 0) ready_.insert(e.task);
                break;
            case event_kind::runs:
                ran_.insert(e.task);
                ready_.erase(e.task);
                break;
            default:
                if (e.kind == event_kind::finishes || e.kind == event_kind::waits ||
                    e.kind == event_kind::dropped) {
                    ready_.erase(e.task);
                    blocked_.erase(e.task);
                }
        }
    }

    std::string waiting() const {
        constexpr std::size_t most = 8;
        if (ready_.empty()) return "; nobody else is ready\n";
        std::string list;
        std::size_t n = 0;
        for (const std::uint32_t task : ready_) {
            if (n++ == most) break;
            list += (n == 1 ? "" : ", ") + name(task);
        }
        if (ready_.size() > most) list += fmt::format(" and {} more", ready_.size() - most);
        return "; ready: " + list + "\n";
    }

    const workload& work_;
    const policy_run& run_;
    std::set<std::uint32_t> ready_;
    std::set<std::uint32_t> ran_;
    std::set<std::uint32_t> blocked_;               // for locks
    std::map<std::int64_t, std::uint32_t> owners_;  // of locks
    bool gets_it_ = false;                          // the lock that it wants
    std::string text_;
};

}  // namespace

std::string explanation(const workload& w, const policy_run& r) {
    return teller(w, r).tell();
}

}  // namespace heddle::inline v0::sched
