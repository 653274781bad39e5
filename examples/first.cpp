// SPDX-License-Identifier: BSL-1.0
// A first program: work for a pool of threads, results as they finish.
#include <cstdio>
#include <heddle/heddle.hpp>

long sum_of_squares(long n) {
    long sum = 0;
    for (long i = 1; i <= n; ++i) sum += i * i;
    return sum;
}

int main() {
    heddle::thread_pool pool;  // one worker for each CPU this process may use; joined at the end of the scope
    std::vector<heddle::future<long>> futures;
    for (long n : {10, 100, 1000}) futures.push_back(pool.submit(sum_of_squares, n));
    for (auto& done : heddle::as_completed(futures)) std::printf("%ld\n", done.get());
}
