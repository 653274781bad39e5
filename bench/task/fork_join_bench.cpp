// SPDX-License-Identifier: BSL-1.0
// Divide and conquer, the same computations by heddle, oneTBB, OpenMP and, where that is bearable,
// std::async; each on one worker and on two. Items are forks, so the rate is forks per second.
#include <benchmark/benchmark.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <vector>
#include "peers.hpp"

namespace {

using peers::timed;

template <class P> [[gnu::noinline]] long fib(int n) {
    if (n < 2) return n;
    long a = 0;
    long b = 0;
    P::both([&] { a = fib<P>(n - 1); }, [&] { b = fib<P>(n - 2); });
    return a + b;
}

template <class P> void fib_30(benchmark::State& state) {
    timed<P>(state, [] { return fib<P>(30); });
    state.SetItemsProcessed(state.iterations() * 1'346'268);
}

struct node {
    long value = 1;
    std::unique_ptr<node> left;
    std::unique_ptr<node> right;
};

std::unique_ptr<node> grow(int depth) {
    auto n = std::make_unique<node>();
    if (depth > 1) {
        n->left = grow(depth - 1);
        n->right = grow(depth - 1);
    }
    return n;
}

template <class P> [[gnu::noinline]] long sum(const node& n) {
    if (!n.left) return n.value;
    long a = 0;
    long b = 0;
    P::both([&] { a = sum<P>(*n.left); }, [&] { b = sum<P>(*n.right); });
    return n.value + a + b;
}

template <class P> void tree_of_4_million(benchmark::State& state) {
    static const auto root = grow(22);
    timed<P>(state, [] { return sum<P>(*root); });
    state.SetItemsProcessed(state.iterations() * ((1 << 21) - 1));
}

// Too small to be divided: what matters is that trying does not hurt.
template <class P> void trees_of_1023(benchmark::State& state) {
    static const auto root = grow(10);
    constexpr int times = 1000;
    timed<P>(state, [] {
        long total = 0;
        for (int i = 0; i < times; ++i) total += sum<P>(*root);
        return total;
    });
    state.SetItemsProcessed(state.iterations() * times * 511);
}

// Calls f(i) for [first, last) by halves.
template <class P, class F> void each(int first, int last, const F& f) {
    if (last - first == 1) {
        f(first);
        return;
    }
    const int middle = first + (last - first) / 2;
    P::both([&] { each<P>(first, middle, f); }, [&] { each<P>(middle, last, f); });
}

template <class P> long skynet(long first, long size) {
    if (size == 1) return first;
    std::array<long, 10> parts{};
    each<P>(0, 10, [&](int i) {
        parts[static_cast<std::size_t>(i)] = skynet<P>(first + i * (size / 10), size / 10);
    });
    long total = 0;
    for (const long p : parts) total += p;
    return total;
}

template <class P, long Leaves> void skynet_of(benchmark::State& state) {
    if (timed<P>(state, [] { return skynet<P>(0, Leaves); }) != Leaves * (Leaves - 1) / 2)
        state.SkipWithError("the sum is wrong");
    state.SetItemsProcessed(state.iterations() * (Leaves - 1));
}
template <class P> void skynet_1_million(benchmark::State& state) {
    skynet_of<P, 1'000'000>(state);
}
template <class P> void skynet_10_million(benchmark::State& state) {
    skynet_of<P, 10'000'000>(state);
}

template <class P> int queens(int row, const std::array<signed char, 16>& board, int n) {
    if (row == n) return 1;
    std::array<int, 16> found{};
    each<P>(0, n, [&](int column) {
        for (int above = 0; above < row; ++above) {
            const int at = board[static_cast<std::size_t>(above)];
            if (at == column || at - column == row - above || column - at == row - above) return;
        }
        auto next = board;
        next[static_cast<std::size_t>(row)] = static_cast<signed char>(column);
        found[static_cast<std::size_t>(column)] = queens<P>(row + 1, next, n);
    });
    int total = 0;
    for (const int f : found) total += f;
    return total;
}

template <class P, int N, int Ways> void queens_of(benchmark::State& state) {
    if (timed<P>(state, [] { return queens<P>(0, {}, N); }) != Ways)
        state.SkipWithError("the number of ways is wrong");
}
template <class P> void queens_10(benchmark::State& state) {
    queens_of<P, 10, 724>(state);
}
template <class P> void queens_12(benchmark::State& state) {
    queens_of<P, 12, 14'200>(state);
}
template <class P> void queens_13(benchmark::State& state) {
    queens_of<P, 13, 73'712>(state);
}
template <class P> void queens_14(benchmark::State& state) {
    queens_of<P, 14, 365'596>(state);
}

// Merge sort by halves, as Cilk's example.
template <class P> void cilksort(std::uint32_t* first, std::uint32_t* last, std::uint32_t* buffer) {
    const auto n = last - first;
    if (n <= 2048) {
        std::sort(first, last);
        return;
    }
    std::uint32_t* const middle = first + n / 2;
    P::both([&] { cilksort<P>(first, middle, buffer); }, [&] { cilksort<P>(middle, last, buffer + n / 2); });
    std::merge(first, middle, middle, last, buffer);
    std::copy(buffer, buffer + n, first);
}

template <class P> void cilksort_1_million(benchmark::State& state) {
    std::vector<std::uint32_t> numbers(1'000'000);
    std::vector<std::uint32_t> buffer(numbers.size());
    for (auto _ : state) {
        state.PauseTiming();
        std::uint32_t x = 1;
        for (auto& n : numbers) n = x = x * 1664525 + 1013904223;
        state.ResumeTiming();
        P::run(static_cast<int>(state.range(0)), [&] {
            cilksort<P>(numbers.data(), numbers.data() + numbers.size(), buffer.data());
            return 0;
        });
    }
    state.SetItemsProcessed(state.iterations() * 1'000'000);
}

// An unbalanced tree search: how many children a node has follows from a hash of its path, so nobody can
// divide it in advance. Source: S. Olivier et al., "UTS: An Unbalanced Tree Search Benchmark" (2006); the
// hash here is splitmix64 and not SHA-1.
constexpr std::uint64_t mix(std::uint64_t x) {
    x += 0x9E3779B97F4A7C15;
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9;
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB;
    return x ^ (x >> 31);
}

template <class P> long count(std::uint64_t name, int children) {
    if (children == 0) return 1;
    std::array<long, 64> below{};
    each<P>(0, children, [&](int i) {
        const std::uint64_t child = mix(name + static_cast<std::uint64_t>(i));
        below[static_cast<std::size_t>(i)] = count<P>(child, child % 1000 < 124 ? 8 : 0);
    });
    long total = 1;
    for (int i = 0; i < children; ++i) total += below[static_cast<std::size_t>(i)];
    return total;
}

template <class P> void unbalanced_tree(benchmark::State& state) {
    timed<P>(state, [] {
        long total = 0;
        for (std::uint64_t root = 0; root < 40; ++root) total += count<P>(mix(root * 977), 64);
        return total;
    });
}

// Not inlined: it is the same code for all, and what is compared is how it is called.
[[gnu::noinline]] void multiply_block(const float* a, const float* b, float* c, std::size_t n,
                                      std::size_t stride) {
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < n; ++k)
            for (std::size_t j = 0; j < n; ++j) c[i * stride + j] += a[i * stride + k] * b[k * stride + j];
}

// C += A · B by quadrants.
template <class P>
void multiply(const float* a, const float* b, float* c, std::size_t n, std::size_t stride) {
    if (n <= 32) {
        multiply_block(a, b, c, n, stride);
        return;
    }
    const std::size_t h = n / 2;
    const auto at = [=](auto* m, std::size_t row, std::size_t column) {
        return m + row * h * stride + column * h;
    };
    for (const std::size_t k : {std::size_t{0}, std::size_t{1}})
        P::both(
            [&] {
                P::both([&] { multiply<P>(at(a, 0, k), at(b, k, 0), at(c, 0, 0), h, stride); },
                        [&] { multiply<P>(at(a, 0, k), at(b, k, 1), at(c, 0, 1), h, stride); });
            },
            [&] {
                P::both([&] { multiply<P>(at(a, 1, k), at(b, k, 0), at(c, 1, 0), h, stride); },
                        [&] { multiply<P>(at(a, 1, k), at(b, k, 1), at(c, 1, 1), h, stride); });
            });
}

template <class P> void matmul_256(benchmark::State& state) {
    constexpr std::size_t n = 256;
    const std::vector<float> a(n * n, 1.0F);
    const std::vector<float> b(n * n, 2.0F);
    std::vector<float> c(n * n);
    timed<P>(state, [&] {
        multiply<P>(a.data(), b.data(), c.data(), n, n);
        return 0;
    });
}

// Strassen's product of two square matrices: seven products of halves in place of eight. V. Strassen,
// "Gaussian Elimination is not Optimal" (1969). The rows of a half are `stride` apart.
struct half {
    const float* at;
    std::size_t stride;
};

// Not inlined, as multiply_block().
[[gnu::noinline]] void multiply_leaf(half a, half b, float* c, std::size_t n) {
    for (std::size_t i = 0; i < n * n; ++i) c[i] = 0;
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t k = 0; k < n; ++k)
            for (std::size_t j = 0; j < n; ++j)
                c[i * n + j] += a.at[i * a.stride + k] * b.at[k * b.stride + j];
}

// x + sign · y, `n` rows without gaps.
half combined(half x, float sign, half y, float* to, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = 0; j < n; ++j)
            to[i * n + j] = x.at[i * x.stride + j] + sign * y.at[i * y.stride + j];
    return {to, n};
}

// How much room the sums and products of all levels take: none of it is allocated while time is taken.
constexpr std::size_t strassen_leaf = 64;
constexpr std::size_t strassen_room(std::size_t n) {
    return n <= strassen_leaf ? 0 : 21 * (n / 2) * (n / 2) + 7 * strassen_room(n / 2);
}

template <class P> void strassen(half a, half b, float* c, std::size_t n, float* room) {
    if (n <= strassen_leaf) {
        multiply_leaf(a, b, c, n);
        return;
    }
    const std::size_t h = n / 2;
    const std::size_t part = h * h;
    const auto of = [h](half m, std::size_t row, std::size_t column) {
        return half{m.at + row * h * m.stride + column * h, m.stride};
    };
    const half a00 = of(a, 0, 0), a01 = of(a, 0, 1), a10 = of(a, 1, 0), a11 = of(a, 1, 1);
    const half b00 = of(b, 0, 0), b01 = of(b, 0, 1), b10 = of(b, 1, 0), b11 = of(b, 1, 1);
    // Seven products, and two sums for each.
    const auto at = [=](std::size_t i) { return room + i * part; };
    const auto product = [&](std::size_t i) { return at(14 + i); };
    const auto add = [&](std::size_t i, half x, half y) { return combined(x, 1, y, at(i), h); };
    const auto subtract = [&](std::size_t i, half x, half y) { return combined(x, -1, y, at(i), h); };
    const auto multiply = [&](std::size_t i, half x, half y) {
        strassen<P>(x, y, product(i), h, at(21) + i * strassen_room(h));
    };
    P::all([&] { multiply(0, add(0, a00, a11), add(1, b00, b11)); },
           [&] { multiply(1, add(2, a10, a11), b00); }, [&] { multiply(2, a00, subtract(4, b01, b11)); },
           [&] { multiply(3, a11, subtract(6, b10, b00)); }, [&] { multiply(4, add(8, a00, a01), b11); },
           [&] { multiply(5, subtract(10, a10, a00), add(11, b00, b01)); },
           [&] { multiply(6, subtract(12, a01, a11), add(13, b10, b11)); });
    const float *m1 = product(0), *m2 = product(1), *m3 = product(2), *m4 = product(3), *m5 = product(4),
                *m6 = product(5), *m7 = product(6);
    for (std::size_t i = 0; i < h; ++i)
        for (std::size_t j = 0; j < h; ++j) {
            const std::size_t k = i * h + j;
            c[i * n + j] = m1[k] + m4[k] - m5[k] + m7[k];
            c[i * n + h + j] = m3[k] + m5[k];
            c[(h + i) * n + j] = m2[k] + m4[k];
            c[(h + i) * n + h + j] = m1[k] - m2[k] + m3[k] + m6[k];
        }
}

// Small whole numbers, so that every sum is exact in whatever order it is made.
struct strassen_case {
    static constexpr std::size_t n = 512;
    std::vector<float> a, b, product;
    strassen_case() : a(n * n), b(n * n), product(n * n) {
        for (std::size_t i = 0; i < n * n; ++i) {
            a[i] = static_cast<float>(mix(i) % 5) - 2;
            b[i] = static_cast<float>(mix(i + n * n) % 5) - 2;
        }
        multiply_block(a.data(), b.data(), product.data(), n, n);
    }
};

template <class P> void strassen_512(benchmark::State& state) {
    static const strassen_case given;
    constexpr std::size_t n = strassen_case::n;
    std::vector<float> c(n * n);
    std::vector<float> room(strassen_room(n));
    timed<P>(state, [&] {
        strassen<P>({given.a.data(), n}, {given.b.data(), n}, c.data(), n, room.data());
        return 0;
    });
    if (c != given.product) state.SkipWithError("the product is wrong");
}

#define HEDDLE_BENCH_ALL_OF(peer, most_workers)                \
    HEDDLE_BENCH_WITH(most_workers, fib_30<peer>);             \
    HEDDLE_BENCH_WITH(most_workers, tree_of_4_million<peer>);  \
    HEDDLE_BENCH_WITH(most_workers, trees_of_1023<peer>);      \
    HEDDLE_BENCH_WITH(most_workers, skynet_1_million<peer>);   \
    HEDDLE_BENCH_WITH(most_workers, skynet_10_million<peer>);  \
    HEDDLE_BENCH_WITH(most_workers, queens_10<peer>);          \
    HEDDLE_BENCH_WITH(most_workers, queens_12<peer>);          \
    HEDDLE_BENCH_WITH(most_workers, queens_13<peer>);          \
    HEDDLE_BENCH_WITH(most_workers, cilksort_1_million<peer>); \
    HEDDLE_BENCH_WITH(most_workers, unbalanced_tree<peer>);    \
    HEDDLE_BENCH_WITH(most_workers, matmul_256<peer>);         \
    HEDDLE_BENCH_WITH(most_workers, strassen_512<peer>)

HEDDLE_BENCH_ALL_OF(peers::serial, 1);
HEDDLE_BENCH_ALL_OF(peers::heddle, 2);
#ifdef HEDDLE_BENCH_TBB
HEDDLE_BENCH_ALL_OF(peers::tbb, 2);
#endif
#ifdef _OPENMP
HEDDLE_BENCH_ALL_OF(peers::openmp, 2);
#endif
// The others take half a minute and more.
HEDDLE_BENCH_WITH(1, queens_14<peers::serial>);
HEDDLE_BENCH_WITH(2, queens_14<peers::heddle>);
HEDDLE_BENCH_WITH(1, cilksort_1_million<peers::async>);
HEDDLE_BENCH_WITH(1, strassen_512<peers::async>);

}  // namespace
