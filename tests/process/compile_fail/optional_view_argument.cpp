// SPDX-License-Identifier: BSL-1.0
// expects: a view does not travel to another process: pass a std::string or a std::vector
#include <heddle/process/process_pool.hpp>
#include <optional>
#include <string_view>

std::size_t length(std::optional<std::string_view> text);

void wrong(heddle::process_pool& procs) {
    procs.submit(length, std::optional<std::string_view>("warp"));
}
