// SPDX-License-Identifier: BSL-1.0
// expects: narrow
#include <heddle/process/process_pool.hpp>
#include <vector>

int twice(int n);

void wrong(heddle::process_pool& procs) {
    procs.map(twice, std::vector{1, 2, 3}, {.chunk = -1});
}
