// SPDX-License-Identifier: BSL-1.0
// expects: a closure with captures does not travel to another process: pass what it captures as arguments
#include <heddle/process/process_pool.hpp>

void wrong(heddle::process_pool& procs, int base) {
    procs.submit([base](int n) { return base + n; }, 1);
}
