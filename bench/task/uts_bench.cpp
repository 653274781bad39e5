// SPDX-License-Identifier: BSL-1.0
// The unbalanced tree search, by heddle, oneTBB and OpenMP: how many children a node has follows from a hash
// of its path, so nobody can divide the tree in advance. Items are nodes.
//
// Source: S. Olivier et al., "UTS: An Unbalanced Tree Search Benchmark" (2006). The trees are those that it
// calls T1 (geometric) and T3 (binomial), of four million nodes each, but for the hash. In place of SHA-1,
// which would hide what the forks cost, it is splitmix64: G. Steele, D. Lea and C. Flood, "Fast Splittable
// Pseudorandom Number Generators" (2014). So they are other trees of the same kinds, and so are the seeds,
// which are such that the size is about the same.
#include <benchmark/benchmark.h>
#include <algorithm>
#include <cmath>
#include <cstdint>
#include "peers.hpp"

namespace {

struct node {
    std::uint64_t hash;
    int depth;
};

constexpr std::uint64_t splitmix64(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

// From 0 to below 1.
double fraction(std::uint64_t hash) {
    return static_cast<double>(hash >> 11) * 0x1p-53;
}

// T1: down to a depth of ten each node has four children on the average, but any number up to a hundred.
struct geometric {
    static constexpr std::uint64_t seed = 23;
    static constexpr long nodes = 4'008'777;
    static int children(node n) {
        if (n.depth >= 10) return 0;
        static const double none = std::log(1 - 1.0 / (1 + 4));
        return static_cast<int>(std::min(std::log(1 - fraction(n.hash)) / none, 100.0));
    }
};

// T3: below the root, which has two thousand, one node in eight has children, and then it has eight: so it
// has one on the average, and a subtree may end at once or go on for long, sixteen hundred levels down.
struct binomial {
    static constexpr std::uint64_t seed = 29;
    static constexpr long nodes = 4'312'785;
    static int children(node n) {
        if (n.depth == 0) return 2000;
        return fraction(n.hash) < 0.124875 ? 8 : 0;
    }
};

template <class P, class Tree> long nodes_below(node n);

// Of the children [first, last), by halves.
template <class P, class Tree> long nodes_of_children(node parent, int first, int last) {
    if (last - first == 1) {
        const std::uint64_t hash = splitmix64(parent.hash + static_cast<std::uint64_t>(first));
        return 1 + nodes_below<P, Tree>({hash, parent.depth + 1});
    }
    const int middle = first + (last - first) / 2;
    long a = 0;
    long b = 0;
    P::both([&] { a = nodes_of_children<P, Tree>(parent, first, middle); },
            [&] { b = nodes_of_children<P, Tree>(parent, middle, last); });
    return a + b;
}

template <class P, class Tree> long nodes_below(node n) {
    const int children = Tree::children(n);
    return children == 0 ? 0 : nodes_of_children<P, Tree>(n, 0, children);
}

template <class P, class Tree> void unbalanced_tree_search(benchmark::State& state) {
    const auto count = [] { return 1 + nodes_below<P, Tree>({splitmix64(Tree::seed), 0}); };
    if (peers::timed<P>(state, count) != Tree::nodes) state.SkipWithError("the number of nodes is wrong");
    state.SetItemsProcessed(state.iterations() * Tree::nodes);
}

#define HEDDLE_BENCH_TREES(peer, most_workers)                                \
    HEDDLE_BENCH_WITH(most_workers, unbalanced_tree_search<peer, geometric>); \
    HEDDLE_BENCH_WITH(most_workers, unbalanced_tree_search<peer, binomial>)
HEDDLE_BENCH_TREES(peers::serial, 1);
HEDDLE_BENCH_TREES(peers::heddle, 2);
#ifdef HEDDLE_BENCH_TBB
HEDDLE_BENCH_TREES(peers::tbb, 2);
#endif
#ifdef _OPENMP
HEDDLE_BENCH_TREES(peers::openmp, 2);
#endif

}  // namespace
