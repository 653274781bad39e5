// SPDX-License-Identifier: BSL-1.0
// The same job in sequence, on threads, in processes and as coroutines. The first three differ in one word.
#include <cstdio>
#include <heddle/heddle.hpp>
#include <numeric>

int digits_of_factorial(int n) {
    double log10 = 0;
    for (int i = 2; i <= n; ++i) log10 += __builtin_log10(i);
    return static_cast<int>(log10) + 1;
}

int sum(const std::vector<int>& v) {
    return std::accumulate(v.begin(), v.end(), 0);
}

heddle::task<int> async_digits(int n) {
    co_await heddle::yield();  // lets the others have their turn
    co_return digits_of_factorial(n);
}

heddle::task<int> as_coroutines(const std::vector<int>& inputs) {
    std::vector<heddle::task<int>> tasks;
    for (int n : inputs) tasks.push_back(async_digits(n));
    co_return sum(co_await heddle::gather(std::move(tasks)));
}

int main() {
    const std::vector<int> inputs{10, 100, 1'000, 10'000};
    heddle::inline_executor in_place;
    heddle::thread_pool threads;
    heddle::process_pool processes;
    const int a = sum(in_place.map(digits_of_factorial, inputs).get());
    const int b = sum(threads.map(digits_of_factorial, inputs).get());
    const int c = sum(processes.map(digits_of_factorial, inputs).get());
    const int d = heddle::run(as_coroutines(inputs));
    std::printf("%d %d %d %d\n", a, b, c, d);
    return a == b && b == c && c == d ? 0 : 1;
}
