// SPDX-License-Identifier: BSL-1.0
// Work in other processes: results and exceptions come back, and a crash is an answer.
#include <cstdio>
#include <cstdlib>
#include <heddle/heddle.hpp>
#include <string>
#include <vector>

std::size_t count_words(std::string line) {
    std::size_t words = 0;
    bool inside = false;
    for (const char c : line) {
        words += !inside && c != ' ';
        inside = c != ' ';
    }
    return words;
}

double risky(double x) {
    if (x < 0) throw std::domain_error("no square root of " + std::to_string(x));
    if (x == 0) std::abort();  // stands for a bug in a library that cannot be helped
    return __builtin_sqrt(x);
}

int main() {
    heddle::process_pool procs({.workers = 2, .name = "looms", .max_tasks_per_child = 100});

    // A function and its arguments travel; so do a lambda without captures and a type known to cereal.
    const auto length = procs.submit([](std::vector<int> v, int more) { return v.size() + unsigned(more); },
                                     std::vector{1, 2, 3}, 4);
    std::printf("one call: %zu\n", length.get());

    const std::vector<std::string> lines{"warp and weft", "a heddle", "", "raises the threads it is told to"};
    for (const std::size_t words : procs.map(count_words, lines)) std::printf("%zu ", words);
    std::printf("words\n");

    for (const double x : {2.0, -1.0, 0.0, 9.0}) {
        try {
            std::printf("risky(%g) = %g\n", x, procs.submit(risky, x).get());
        } catch (const heddle::worker_died& e) {  // only this call is lost; the worker is replaced
            std::printf("risky(%g) ended its worker by signal %d\n", x, e.signal());
        } catch (const std::domain_error& e) {  // thrown over there, caught here
            std::printf("risky(%g): %s\n", x, e.what());
        }
    }
}
