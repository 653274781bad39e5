// SPDX-License-Identifier: BSL-1.0
#pragma once

// A few tasks that use one of heddle's primitives, correct as they stand. With a bug planted in heddle
// (CMakeLists.txt) the checker must find it; without, it must find nothing.

#include <heddle/check/body.hpp>
#include <string_view>
#include <vector>

#include "../at_once.hpp"

namespace checked {

struct scenario {
    std::string_view name;
    void (*run)();
};

inline std::vector<scenario>& scenarios() {
    static std::vector<scenario> all;
    return all;
}

}  // namespace checked

#define SCENARIO(NAME)                                            \
    static void NAME();                                           \
    [[maybe_unused]] static const bool registered_##NAME =        \
        (::checked::scenarios().push_back({#NAME, &NAME}), true); \
    static void NAME()
