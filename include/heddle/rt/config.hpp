// SPDX-License-Identifier: BSL-1.0
#pragma once

// What every other header of heddle needs to know about the build: the version of these headers and the mark
// on what the library exports. For the version of the library that is linked in, see <heddle/rt/version.hpp>.

#define HEDDLE_VERSION_MAJOR 0
#define HEDDLE_VERSION_MINOR 1
#define HEDDLE_VERSION_PATCH 0

/// The version of these headers as one number that compares: 0.1.0 is 100, 1.2.3 is 10203.
#define HEDDLE_VERSION (HEDDLE_VERSION_MAJOR * 10000 + HEDDLE_VERSION_MINOR * 100 + HEDDLE_VERSION_PATCH)

#if !defined(__linux__)
#error "heddle: only Linux is supported"
#endif

#if __cplusplus < 202002L
#error "heddle: C++20 is needed; compile with -std=c++20 or later"
#endif

/// Marks what has compiled code in the library and is meant for users. Everything else is built with hidden
/// visibility. It does not depend on whether the library is static or shared, so no macro has to be defined
/// by the user of either.
#define HEDDLE_API __attribute__((visibility("default")))
