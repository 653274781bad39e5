// SPDX-License-Identifier: BSL-1.0
// expects: a view does not travel to another process: pass a std::string or a std::vector
#include <heddle/process/process_pool.hpp>
#include <span>

int sum(std::span<const int> numbers);

void wrong(heddle::process_pool& procs, std::span<const int> numbers) {
    procs.submit(sum, numbers);
}
