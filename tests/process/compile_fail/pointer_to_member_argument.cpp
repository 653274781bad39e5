// SPDX-License-Identifier: BSL-1.0
// expects: a pointer does not travel to another process: pass the value that it points to
#include <heddle/process/process_pool.hpp>

struct loom {
    int threads;
};

void wrong(heddle::process_pool& procs) {
    procs.submit([](int loom::*member) { return loom{}.*member; }, &loom::threads);
}
