// SPDX-License-Identifier: BSL-1.0
#include "library.hpp"

int test_library::seventh_of(int n) {
    return n / 7;
}
