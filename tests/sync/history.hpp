// SPDX-License-Identifier: BSL-1.0
#pragma once

// What tasks did to a queue at the same time, and whether a queue that does one thing after the other could
// have given the same answers: each call then took effect at one moment between its beginning and its end
// (linearizability; M. Herlihy, J. Wing, 1990). The search is that of J. Wing and C. Gong (1993), for
// histories of some 20 calls.

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <heddle/sync/queue_result.hpp>
#include <ostream>
#include <set>
#include <utility>
#include <vector>

namespace histories {

enum class done { put, got, said_full, said_empty };

/// One call: what it did, and from when to when it took.
struct call {
    done what;
    int value;  // of put and got
    long begun;
    long ended;
};

using history = std::vector<call>;

inline std::ostream& operator<<(std::ostream& out, const history& h) {
    static constexpr const char* names[]{"put", "got", "said full", "said empty"};
    for (const call& c : h) {
        out << "  " << c.begun << " to " << c.ended << ": " << names[static_cast<int>(c.what)];
        if (c.what == done::put || c.what == done::got) out << ' ' << c.value;
        out << '\n';
    }
    return out;
}

/// Which item a queue gives.
enum class gives { first, last, smallest };

/// A queue that does one thing after the other.
class model {
 public:
    model(gives order, std::size_t capacity) : order_(order), capacity_(capacity) {}

    /// Whether it would answer as `c` says; if so, it has done it.
    bool does(const call& c) {
        switch (c.what) {
            case done::put:
                if (items_.size() >= capacity_) return false;
                items_.push_back(c.value);
                return true;
            case done::got: {
                if (items_.empty()) return false;
                const auto next = order_ == gives::first  ? items_.begin()
                                  : order_ == gives::last ? items_.end() - 1
                                                          : std::min_element(items_.begin(), items_.end());
                if (*next != c.value) return false;
                items_.erase(next);
                return true;
            }
            case done::said_full:
                return items_.size() >= capacity_;
            case done::said_empty:
                return items_.empty();
        }
        return false;
    }
    const std::vector<int>& items() const { return items_; }

 private:
    gives order_;
    std::size_t capacity_;
    std::vector<int> items_;
};

/// Whether there is an order of all calls, in which one that ended before another began comes first, and
/// `as`, empty at first, answers as they did.
class linearization {
 public:
    linearization(const history& calls, const model& as) : calls_(calls), exists_(search(as, 0)) {}
    bool exists() const { return exists_; }

 private:
    bool search(const model& now, std::uint64_t gone) {
        if (gone == (std::uint64_t{1} << calls_.size()) - 1) return true;
        if (!seen_.emplace(gone, now.items()).second) return false;
        long first_end = 0;  // of those left: whoever began later is not next
        bool any = false;
        for (std::size_t i = 0; i < calls_.size(); ++i)
            if (!(gone >> i & 1)) {
                first_end = any ? std::min(first_end, calls_[i].ended) : calls_[i].ended;
                any = true;
            }
        for (std::size_t i = 0; i < calls_.size(); ++i) {
            if ((gone >> i & 1) || calls_[i].begun > first_end) continue;
            model next = now;
            if (next.does(calls_[i]) && search(next, gone | std::uint64_t{1} << i)) return true;
        }
        return false;
    }

    const history& calls_;
    std::set<std::pair<std::uint64_t, std::vector<int>>> seen_;  // from where it has been tried in vain
    bool exists_;
};

inline bool linearizable(const history& calls, const model& as) {
    return linearization(calls, as).exists();
}

/// The time of a history, which all its parties share.
using time = std::atomic<long>;

/// One task's part of a history.
class party {
 public:
    explicit party(time& now) : now_(&now) {}

    /// The moment at which a call begins, for the notes on it below.
    long begins() { return (*now_)++; }
    /// What a call of put said; a wait that was given up has done nothing.
    void note_put(int value, long begun, heddle::queue_status said) { note(said, done::put, value, begun); }
    template <class Result> void note_get(long begun, Result result) {
        note(result.status(), done::got, result ? *result : 0, begun);
    }

    template <class Put> void puts(int value, Put put) {
        const long begun = begins();
        note_put(value, begun, put().status());
    }
    template <class Get> void gets(Get get) {
        const long begun = begins();
        note_get(begun, get());
    }
    /// Gets by `get()` what is left: that belongs to the history too.
    template <class Get> void gets_all(Get get) {
        do gets(get);
        while (calls_.back().what == done::got);
    }
    const history& calls() const { return calls_; }

 private:
    void note(heddle::queue_status said, done what, int value, long begun) {
        const long ended = (*now_)++;
        switch (said) {
            case heddle::queue_status::ok:
                return calls_.push_back({what, value, begun, ended});
            case heddle::queue_status::full:
                return calls_.push_back({done::said_full, 0, begun, ended});
            case heddle::queue_status::empty:
                return calls_.push_back({done::said_empty, 0, begun, ended});
            default:
                return;
        }
    }
    time* now_;
    history calls_;
};

/// What all did.
inline history together(const std::vector<party>& parties) {
    history all;
    for (const party& p : parties) all.insert(all.end(), p.calls().begin(), p.calls().end());
    return all;
}

}  // namespace histories
