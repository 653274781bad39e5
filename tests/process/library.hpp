// SPDX-License-Identifier: BSL-1.0
#pragma once

// A shared library that the tests are linked with.

namespace test_library {

[[gnu::visibility("default")]] int seventh_of(int n);

}  // namespace test_library
