// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/error.hpp>
#include <heddle/task/graph.hpp>
#include <stdexcept>

namespace heddle::inline v0 {

void graph::node::link(node& first, node& second) {
    if (&first.graph_ != &second.graph_)
        throw std::invalid_argument("'" + first.name_ + "' and '" + second.name_ +
                                    "' are tasks of different graphs");
    first.next_.push_back(&second);
    ++second.before_;
}

graph::node& graph::add_node(std::function<void()> f, std::string name) {
    if (name.empty()) name = std::to_string(nodes_.size());
    return nodes_.emplace_back(node::key{}, *this, nodes_.size(), std::move(name), std::move(f));
}

// Takes away what comes after nothing, again and again; what is left has a cycle. Source: A. B. Kahn,
// "Topological Sorting of Large Networks" (1962).
void graph::check() const {
    std::vector<std::size_t> before;
    std::vector<const node*> ready;
    for (const node& n : nodes_) {
        before.push_back(n.before_);
        if (n.before_ == 0) ready.push_back(&n);
    }
    std::size_t taken = 0;
    for (; !ready.empty(); ++taken) {
        const node* const n = ready.back();
        ready.pop_back();
        for (const node* const after : n->next_)
            if (--before[after->number_] == 0) ready.push_back(after);
    }
    if (taken == nodes_.size()) return;
    // Each of the rest comes after another of the rest: backwards, the way must meet itself.
    const node* at = nullptr;
    std::vector<const node*> came_from(nodes_.size(), nullptr);
    for (const node& n : nodes_) {
        if (before[n.number_] == 0) continue;
        at = &n;
        for (const node* const after : n.next_)
            if (before[after->number_] != 0) came_from[after->number_] = &n;
    }
    for (std::size_t i = 0; i < nodes_.size() && came_from[at->number_] != nullptr; ++i)
        at = came_from[at->number_];
    std::string way = at->name();
    for (const node* n = came_from[at->number_]; n != nullptr; n = came_from[n->number_]) {
        way.insert(0, n->name() + " → ");
        if (n == at) break;
    }
    throw invalid_state("the graph has a cycle: " + way);
}

void graph::run_node(task_group& group, node& n) {
    // relaxed: a node that the request did not find came into the group, under its lock, after it had looked.
    if (stopped_.load(std::memory_order_relaxed)) throw cancelled();
    try {
        n.function_();
    } catch (const cancelled&) {
        throw;
    } catch (...) {
        // Before the group asks those that run to stop: what begins later is not asked, and is left out.
        stopped_.store(true, std::memory_order_relaxed);
        throw;
    }
    for (node* const after : n.next_)
        // acq_rel: the last one to end hands on what all of them did.
        if (after->left_.fetch_sub(1, std::memory_order_acq_rel) == 1)
            group.spawn([this, &group, after] { run_node(group, *after); });
}

void graph::run(thread_pool& pool) {
    check();
    for (node& n : nodes_) n.left_.store(n.before_, std::memory_order_relaxed);
    stopped_.store(false, std::memory_order_relaxed);
    task_group group(pool, task_group_options(true, {}, "graph"));
    for (node& n : nodes_)
        if (n.before_ == 0) group.spawn([this, &group, &n] { run_node(group, n); });
    group.join_passing_on([this] { stopped_.store(true, std::memory_order_relaxed); });
}

std::string graph::dot() const {
    const auto quoted = [](const std::string& text) {
        std::string q = "\"";
        for (const char c : text) {
            if (c == '"' || c == '\\') q += '\\';
            q += c;
        }
        return q + '"';
    };
    std::string text = "digraph {\n";
    for (const node& n : nodes_)
        text += "  n" + std::to_string(n.number_) + " [label=" + quoted(n.name()) + "];\n";
    for (const node& n : nodes_)
        for (const node* const after : n.next_)
            text += "  n" + std::to_string(n.number_) + " -> n" + std::to_string(after->number_) + ";\n";
    return text + "}\n";
}

}  // namespace heddle::inline v0
