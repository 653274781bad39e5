// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/fiber_task.hpp>
#include <heddle/task/blocking.hpp>
#include "helper_threads.hpp"
#include "pool_engine.hpp"

namespace heddle::inline v0::detail {

void call_blocking(rt::function_ref<void()> f) {
    const rt::fiber_task* const here = rt::fiber_task::current();
    if (here == nullptr) {
        f();
    } else if (pool_engine* const pool = pool_engine::of(*here)) {
        pool->helpers().call(f);
    } else {
        helper_threads("blocking").call(f);
    }
}

}  // namespace heddle::inline v0::detail
