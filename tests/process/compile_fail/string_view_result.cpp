// SPDX-License-Identifier: BSL-1.0
// expects: a view does not travel to another process: pass a std::string or a std::vector
#include <heddle/process/process_pool.hpp>
#include <string_view>

std::string_view name();

void wrong(heddle::process_pool& procs) {
    procs.submit(name);
}
