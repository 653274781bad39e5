// SPDX-License-Identifier: BSL-1.0
// expects: the function of a map() of several ranges is called with one item of each
#include <heddle/task/thread_pool.hpp>
#include <vector>

int twice(int n);

void wrong(heddle::thread_pool& pool, const std::vector<int>& some) {
    pool.map(twice, some, some);
}
