// SPDX-License-Identifier: BSL-1.0
// expects: a view does not travel to another process: pass a std::string or a std::vector
#include <heddle/process/process_pool.hpp>
#include <string_view>

std::size_t length(std::string_view text);

void wrong(heddle::process_pool& procs, std::string_view text) {
    procs.submit(length, text);
}
