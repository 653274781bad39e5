// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/error.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/task/this_task.hpp>
#include "policy_engine.hpp"
#include "pool_engine.hpp"

namespace heddle::inline v0::this_task {

namespace {

void throw_if_asked() {
    if (rt::current_task().take_stop()) throw cancelled();
}

}  // namespace

void check() {
    throw_if_asked();
    rt::fiber_task* const here = rt::fiber_task::current();
    if (here == nullptr) return;
    if (detail::policy_engine* const pool = detail::policy_engine::of(*here)) pool->yield(*here, true);
}

void yield() {
    throw_if_asked();
    rt::fiber_task* const here = rt::fiber_task::current();
    if (here == nullptr)
        rt::sleep_for(rt::clock::duration::zero());
    else if (detail::policy_engine* const policed = detail::policy_engine::of(*here))
        policed->yield(*here, false);
    else if (detail::pool_engine* const pool = detail::pool_engine::of(*here))
        pool->yield(*here);
    else
        here->suspend([](void* f) noexcept { static_cast<rt::fiber_task*>(f)->resume(); }, here);
}

}  // namespace heddle::inline v0::this_task
