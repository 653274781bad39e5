// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

namespace heddle::inline v0::sched {

/// A character of a text: a code point with the marks that stand on it.
struct character {
    std::string_view bytes;
    char32_t code = 0;
    std::size_t columns = 1;  ///< that a terminal gives it
};

/// The characters of a text. What is not UTF-8 is U+FFFD, byte by byte.
std::vector<character> characters_of(std::string_view text);

}  // namespace heddle::inline v0::sched
