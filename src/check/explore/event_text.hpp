// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the steps of a schedule are called.

#include <check/channel.hpp>
#include <string>

namespace heddle::inline v0::check {

/// What kind of thing an action is on: "mutex", "condition" …; empty for memory and for nothing.
const char* object_word(action a) noexcept;

/// "locks mutex m": what a thread does, as a sentence about it. `object` is empty where there is none.
std::string done_text(action a, const std::string& object);

/// "waits for mutex m": the same of a thread that cannot do it yet.
std::string waits_text(action a, const std::string& object);

}  // namespace heddle::inline v0::check
