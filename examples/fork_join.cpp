// SPDX-License-Identifier: BSL-1.0
// Parts of a computation that may run at the same time: a sum over a tree, and a loop.
#include <cstdio>
#include <cstdlib>
#include <heddle/task/join.hpp>
#include <heddle/task/parallel.hpp>
#include <memory>
#include <vector>

struct node {
    long value;
    std::unique_ptr<node> left;
    std::unique_ptr<node> right;
};

std::unique_ptr<node> tree(int depth) {
    if (depth == 0) return nullptr;
    return std::make_unique<node>(node{depth, tree(depth - 1), tree(depth - 1)});
}

long sum(const node* n) {
    if (n == nullptr) return 0;
    const auto [left, right] = heddle::join([n] { return sum(n->left.get()); }, [n] { return sum(n->right.get()); });
    return n->value + left + right;
}

int main() {
    heddle::thread_pool pool;
    const auto root = tree(16);
    const long total = heddle::run_on(pool, [&] { return sum(root.get()); });

    std::vector<double> squares(100'000);
    heddle::run_on(pool, [&] {
        heddle::parallel_for(0, 100'000, [&](int i) { squares[static_cast<std::size_t>(i)] = 1.0 * i * i; });
    });
    std::printf("%ld %.0f\n", total, squares.back());
    return total == 131'054 ? EXIT_SUCCESS : EXIT_FAILURE;
}
