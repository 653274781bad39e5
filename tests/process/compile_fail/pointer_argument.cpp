// SPDX-License-Identifier: BSL-1.0
// expects: a pointer does not travel to another process: pass the value that it points to
#include <heddle/process/process_pool.hpp>

int first(const int* numbers);

void wrong(heddle::process_pool& procs, const int* numbers) {
    procs.submit(first, numbers);
}
