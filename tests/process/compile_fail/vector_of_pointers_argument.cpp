// SPDX-License-Identifier: BSL-1.0
// expects: a pointer does not travel to another process: pass the value that it points to
#include <heddle/process/process_pool.hpp>
#include <vector>

int first_of(std::vector<int*> p);

void wrong(heddle::process_pool& procs, const std::vector<int*>& p) {
    procs.submit(first_of, p);
}
