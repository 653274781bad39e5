// SPDX-License-Identifier: BSL-1.0
// expects: a reference does not travel to another process: pass a copy, and return what changes
#include <functional>
#include <heddle/process/process_pool.hpp>

void count(int& n);

void wrong(heddle::process_pool& procs, int& n) {
    procs.submit(count, std::ref(n));
}
