// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/version.hpp>

#define HEDDLE_TEXT_OF(x) #x
#define HEDDLE_TEXT(x) HEDDLE_TEXT_OF(x)

namespace heddle::inline v0 {

const char* version() noexcept {
    return HEDDLE_TEXT(HEDDLE_VERSION_MAJOR) "." HEDDLE_TEXT(HEDDLE_VERSION_MINOR) "." HEDDLE_TEXT(
        HEDDLE_VERSION_PATCH);
}

}  // namespace heddle::inline v0
