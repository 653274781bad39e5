// SPDX-License-Identifier: BSL-1.0
#pragma once

// What all executors share: the words of their interface. "Threads or processes?" is a change of one type
// name.

#include <concepts>
#include <heddle/task/future.hpp>

namespace heddle::inline v0 {

/// How an executor ends.
struct shutdown_options {
    bool wait = true;             ///< return only when every accepted task is done and the workers have ended
    bool cancel_pending = false;  ///< withdraw what has not started
};

/// Something that takes work and gives futures.
template <class E>
concept executor = requires(E& e, int (*f)(int)) {
    { e.submit(f, 1) } -> std::same_as<future<int>>;
    e.shutdown(shutdown_options{});
};

}  // namespace heddle::inline v0
