// SPDX-License-Identifier: BSL-1.0
#include <heddle/task/thread_pool.hpp>
#include <utility>
#include "pool_engine.hpp"
#include "pool_shutdown.hpp"

namespace heddle::inline v0 {

thread_pool::thread_pool(thread_pool_options options)
    : engine_(std::make_unique<detail::pool_engine>(std::move(options), this)) {}

thread_pool::~thread_pool() = default;

void thread_pool::enqueue(detail::work& w) {
    engine_->enqueue(w, 0);
}

void thread_pool::enqueue(detail::work& w, task_options&& how) {
    if (rt::task_context* const task = w.context()) task->set_name(std::move(how.name));
    engine_->enqueue(w, how.priority);
}

bool thread_pool::try_enqueue(detail::work& w) {
    return engine_->try_enqueue(w, 0);
}

void thread_pool::shutdown(shutdown_options options) {
    engine_->stop(options);
}

bool thread_pool::try_shutdown(shutdown_options options) {
    return detail::try_shut_down(*engine_, options);
}

bool thread_pool::shutdown_until(rt::deadline until, shutdown_options options) {
    return detail::shut_down_until(*engine_, until, options);
}

task<void> thread_pool::async_shutdown(shutdown_options options) {
    return detail::async_shut_down(*engine_, options);
}

task<bool> thread_pool::async_shutdown(rt::deadline until, shutdown_options options) {
    return detail::async_shut_down_until(*engine_, until, options);
}

thread_pool* thread_pool::current() noexcept {
    const rt::fiber_task* const here = rt::fiber_task::current();
    const detail::pool_engine* const pool = here != nullptr ? detail::pool_engine::of(*here) : nullptr;
    return pool != nullptr ? pool->owner() : nullptr;
}

unsigned thread_pool::workers() const noexcept {
    return engine_->workers();
}

thread_pool_stats thread_pool::stats() const {
    return engine_->stats();
}

}  // namespace heddle::inline v0
