// SPDX-License-Identifier: BSL-1.0
// expects: a value of this type does not travel to another process: give the type a serialize() member
#include <heddle/process/process_pool.hpp>
#include <memory>

int value_of(std::shared_ptr<int> p);

void wrong(heddle::process_pool& procs, const std::shared_ptr<int>& p) {
    procs.submit(value_of, p);
}
