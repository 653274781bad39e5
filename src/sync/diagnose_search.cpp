// SPDX-License-Identifier: BSL-1.0
#include "diagnose_search.hpp"

#include <algorithm>
#include <set>

namespace heddle::inline v0::detail {

namespace {

bool meet(const std::set<lock_number>& a, const std::set<lock_number>& b) {
    return std::any_of(a.begin(), a.end(), [&](lock_number n) { return b.count(n) != 0; });
}

struct step {
    lock_number from;
    lock_number to;
    const order_edge* edge;
};

/// A cycle through one edge, in the graph of which lock was taken while which was held. Not one all of whose
/// steps were under one and the same other lock, two by two: they exclude each other. Nor one in which all
/// is for reading.
class cycle_search {
 public:
    cycle_search(const lock_books& b, const step& first) : books_(b), target_(first.from), path_{first} {}
    bool find() { return from(path_.front().to, path_.front().edge->also_held); }
    const std::vector<step>& path() const { return path_; }

 private:
    static constexpr std::size_t longest = 12;

    bool from(lock_number at, const std::set<lock_number>& guards) {
        const auto out = books_.order.find(at);
        if (out == books_.order.end() || path_.size() > longest) return false;
        for (const auto& [to, edge] : out->second) {
            if (meet(guards, edge.also_held)) continue;
            const lock_number next = to;
            const bool seen =
                std::any_of(path_.begin(), path_.end(), [next](const step& s) { return s.to == next; });
            if (seen) continue;
            path_.push_back({at, to, &edge});
            if (to == target_) {
                if (!std::all_of(path_.begin(), path_.end(),
                                 [](const step& s) { return s.edge->all_shared; }))
                    return true;
            } else {
                std::set<lock_number> all = guards;
                all.insert(edge.also_held.begin(), edge.also_held.end());
                if (from(to, all)) return true;
            }
            path_.pop_back();
        }
        return false;
    }

    const lock_books& books_;
    const lock_number target_;
    std::vector<step> path_;
};

std::string lock_text(const lock_books& b, lock_number number) {
    const void* const address = b.places.at(number);
    return b.locks.at(address).text(address);
}

const holding* held_by(const lock_books& b, const void* lock, task_number task) {
    const auto at = b.locks.find(lock);
    if (at == b.locks.end()) return nullptr;
    for (const holding& h : at->second.holders)
        if (h.task == task) return &h;
    return nullptr;
}

/// The tasks that `task` waits for, one after the other, back to itself.
class wait_search {
 public:
    wait_search(const lock_books& b, task_number start) : books_(b), start_(start) {}
    bool find() { return from(start_); }
    const std::vector<task_number>& chain() const { return chain_; }

 private:
    bool from(task_number task) {
        const auto at = books_.tasks.find(task);
        // Who gives up by himself breaks the cycle.
        if (at == books_.tasks.end() || !at->second.waits || at->second.waits->limited) return false;
        const waiting& w = *at->second.waits;
        chain_.push_back(task);
        if (w.lock == nullptr) {
            if (leads_back(w.task)) return true;
        } else if (const auto lock = books_.locks.find(w.lock); lock != books_.locks.end()) {
            for (const holding& h : lock->second.holders)
                if (leads_back(h.task)) return true;
        }
        chain_.pop_back();
        return false;
    }
    bool leads_back(task_number next) {
        if (next == start_) return true;
        if (!seen_.insert(next).second) return false;
        return from(next);
    }

    const lock_books& books_;
    const task_number start_;
    std::vector<task_number> chain_;
    std::set<task_number> seen_;
};

}  // namespace

lock_finding raw_finding::named() const {
    lock_finding f{what, tasks, locks, {}, how_long};
    for (const auto& [caption, stack] : stacks) f.stacks.push_back(stack.named(caption));
    return f;
}

void note_order(lock_books& b, task_number task, const void* held, const lock_site& site,
                const raw_stack& stack, std::vector<raw_finding>& findings) {
    const holding* const hold = held_by(b, held, task);
    if (hold == nullptr) return;
    const lock_number from = b.locks.at(held).number;
    const lock_number to = b.locks.at(site.address).number;
    std::set<lock_number> others;
    for (const void* const h : b.tasks.at(task).held)
        if (h != held && h != site.address) others.insert(b.locks.at(h).number);
    const bool all_shared = hold->shared && site.shared;

    const auto [at, fresh] =
        b.order[from].try_emplace(to, order_edge{task_name(b, task), hold->stack, stack, all_shared, others});
    order_edge& edge = at->second;
    if (!fresh) {
        // Known; does it happen with less to exclude it than before?
        std::set<lock_number> both;
        std::set_intersection(edge.also_held.begin(), edge.also_held.end(), others.begin(), others.end(),
                              std::inserter(both, both.end()));
        if (both == edge.also_held && (all_shared || !edge.all_shared)) return;
        edge = order_edge{task_name(b, task), hold->stack, stack, edge.all_shared && all_shared, both};
    }
    cycle_search search(b, {from, to, &edge});
    if (!search.find()) return;
    std::vector<lock_number> which;
    for (const step& s : search.path()) which.push_back(s.to);
    std::sort(which.begin(), which.end());
    if (!b.reported.insert(which).second) return;
    raw_finding f{lock_problem::order, {}, {}, {}, {}};
    for (const step& s : search.path()) {
        f.tasks.push_back(s.edge->task + ", holding " + lock_text(b, s.from) + ",");
        f.locks.push_back(lock_text(b, s.to));
        f.stacks.emplace_back(s.edge->task + " took " + lock_text(b, s.from) + " here:", s.edge->held_since);
        f.stacks.emplace_back("and then " + lock_text(b, s.to) + " here:", s.edge->taken_at);
    }
    findings.push_back(std::move(f));
}

void find_deadlock(const lock_books& b, task_number task, std::vector<raw_finding>& findings) {
    wait_search search(b, task);
    if (!search.find()) return;
    const auto& chain = search.chain();
    raw_finding f{chain.size() == 1 ? lock_problem::self_deadlock : lock_problem::cycle, {}, {}, {}, {}};
    for (std::size_t i = 0; i < chain.size(); ++i) {
        const task_number next = chain[(i + 1) % chain.size()];
        const waiting& w = *b.tasks.at(chain[i]).waits;
        f.tasks.push_back(task_name(b, chain[i]));
        if (w.lock == nullptr) {
            f.locks.push_back("the end of " + task_name(b, next));
            f.stacks.emplace_back(f.tasks.back() + " waits for it here:", w.stack);
            continue;
        }
        const std::string lock = b.locks.at(w.lock).text(w.lock);
        f.locks.push_back(lock + ", held by " + task_name(b, next));
        f.stacks.emplace_back(f.tasks.back() + " waits for " + lock + " here:", w.stack);
        if (const holding* const h = held_by(b, w.lock, next))
            f.stacks.emplace_back(task_name(b, next) + " has held it since here:", h->stack);
    }
    findings.push_back(std::move(f));
}

}  // namespace heddle::inline v0::detail
