// SPDX-License-Identifier: BSL-1.0
#include <cstdio>
#include <heddle/rt/error.hpp>
#include <heddle/rt/exception_hook.hpp>
#include <heddle/rt/fiber_task.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/task/task_group.hpp>
#include <mutex>
#include <type_traits>
#include "is_cancelled.hpp"

namespace heddle::inline v0 {

void detail::group_member::call(future_state& state) {
    group_.ended(*this, state);
}

task_group::~task_group() {
    if (alive() == 0) return;
    // A coroutine that waited here would keep its worker from running the children.
    if (rt::worker::current() != nullptr && rt::fiber_task::current() == nullptr) {
        std::fprintf(
            stderr,
            "heddle: task_group '%s' is destroyed by a coroutine while %zu of its tasks are alive; use "
            "with_task_group(), or co_await async_join()\n",
            options_.name.c_str(), alive());
        std::terminate();
    }
    request_stop();
    try {
        join();
    } catch (...) {
        rt::report_exception(std::current_exception(),
                             "a task of a group failed and nobody joined the group");
    }
}

void task_group::admit(const char* trouble) {
    if (trouble != nullptr) throw invalid_state("task_group::spawn() " + std::string(trouble));
    std::uint64_t word = word_.load(std::memory_order_relaxed);
    do {
        // Once it is joined, those that are alive may still add others.
        if ((word & closed_bit) != 0 && (word & count_mask) == 0)
            throw invalid_state("task_group::spawn() after the group was joined");
    } while (!word_.compare_exchange_weak(word, word + 1, std::memory_order_relaxed));
}

void task_group::enter(detail::future_state& state, bool counts) {
    auto member = std::make_unique<detail::group_member>(*this, state, counts);
    {
        std::lock_guard guard(lock_);
        member->next_member_ = members_;
        if (members_ != nullptr) members_->prev_member_ = member.get();
        members_ = member.get();
    }
    state.on_done(std::move(member));
}

void task_group::start(detail::work& w) {
    if (enqueue_) {
        enqueue_(w);
        return;
    }
    thread_pool* const here = thread_pool::current();
    if (here == nullptr) {
        w.give_up();
        throw invalid_state("task_group::spawn() of a callable outside a pool: give the group an executor");
    }
    detail::executor_access::enqueue(*here, w);
}

void task_group::ended(detail::group_member& m, detail::future_state& state) noexcept {
    const bool counts = m.counts_;
    std::exception_ptr error;
    if (state.status() == future_status::finished && state.failed()) {
        error = state.error();
        if (detail::is_cancelled(error)) error = nullptr;
    }
    bool first = false;
    {
        std::lock_guard guard(lock_);
        (m.prev_member_ != nullptr ? m.prev_member_->next_member_ : members_) = m.next_member_;
        if (m.next_member_ != nullptr) m.next_member_->prev_member_ = m.prev_member_;
        if (error) {
            first = failures_.empty();
            try {
                failures_.push_back(error);
            } catch (const std::bad_alloc&) {
                rt::report_exception(error, "no memory to remember the failure of a task in a group");
            }
        }
    }
    if (first && options_.stop_on_failure) request_stop();
    if (error && options_.on_failure) {
        try {
            options_.on_failure(error);
        } catch (...) {
            rt::report_exception(std::current_exception(), "on_failure of a task_group threw");
        }
    }
    if (counts) left();
}

void task_group::finished(detail::spawned&) noexcept {
    left();
}

// acq_rel: who joins sees what all children did. If nobody is left the group may be gone at once; only its
// address is used then.
void task_group::left() noexcept {
    const void* const address = &word_;
    if (word_.fetch_sub(1, std::memory_order_acq_rel) - 1 == (closed_bit | waited_bit))
        rt::parking_lot::unpark_all(address);
}

void task_group::request_stop() noexcept {
    std::lock_guard guard(lock_);
    for (detail::group_member* m = members_; m != nullptr; m = m->next_member_) m->state_.request_stop();
}

std::vector<std::exception_ptr> task_group::failures() const {
    std::lock_guard guard(lock_);
    return failures_;
}

// Under the bucket's lock.
bool task_group::announce_waiter() noexcept {
    std::uint64_t word = word_.load(std::memory_order_acquire);
    while ((word & count_mask) != 0)
        if (word_.compare_exchange_weak(word, word | waited_bit, std::memory_order_acquire)) return true;
    return false;
}

void task_group::throw_failure() {
    std::exception_ptr first;
    {
        std::lock_guard guard(lock_);
        if (!failures_.empty()) first = failures_.front();
    }
    if (first) std::rethrow_exception(first);
}

bool task_group::join_until(rt::deadline until) {
    word_.fetch_or(closed_bit, std::memory_order_relaxed);
    if (alive() != 0) detail::future_state::call_put_off();
    while (alive() != 0)
        if (rt::park(
                &word_, [this] { return announce_waiter(); }, until) == rt::wait_outcome::timed_out &&
            alive() != 0)
            return false;
    throw_failure();
    return true;
}

// The request of somebody else that comes with a failure is not lost by it: the next point of cancellation
// delivers it.
void task_group::conclude(bool asked) {
    try {
        throw_failure();
    } catch (...) {
        if (asked) rt::current_task().deliver_again();
        throw;
    }
    if (asked) throw cancelled();
}

void task_group::join_passing_on(rt::function_ref<void()> asked) {
    word_.fetch_or(closed_bit, std::memory_order_relaxed);
    bool stopped = false;
    if (alive() != 0) detail::future_state::call_put_off();
    while (alive() != 0) {
        const auto mode = stopped ? rt::cancellation::ignored : rt::cancellation::observed;
        if (rt::park(
                &word_, [this] { return announce_waiter(); }, rt::deadline::never(), mode) ==
            rt::wait_outcome::cancelled) {
            stopped = true;
            asked();
            request_stop();
        }
    }
    conclude(stopped);
}

template <class Result> task<Result> task_group::join_awaited(rt::deadline until) {
    word_.fetch_or(closed_bit, std::memory_order_relaxed);
    bool asked = false;
    if (alive() != 0) detail::future_state::call_put_off();
    const auto validate = [this] { return announce_waiter(); };
    while (alive() != 0) {
        const auto mode = asked ? rt::cancellation::ignored : rt::cancellation::observed;
        rt::async_park wait(&word_, validate, until, mode);
        const auto outcome = co_await wait;
        if (outcome == rt::wait_outcome::cancelled) {
            asked = true;
            request_stop();
        }
        if constexpr (!std::is_void_v<Result>)
            if (outcome == rt::wait_outcome::timed_out && alive() != 0) {
                if (asked) rt::current_task().deliver_again();  // nobody has been told of it
                co_return false;
            }
    }
    conclude(asked);
    if constexpr (!std::is_void_v<Result>) co_return true;
}

task<void> task_group::async_join() {
    return join_awaited<void>(rt::deadline::never());
}

task<bool> task_group::async_join(rt::deadline until) {
    return join_awaited<bool>(until);
}

}  // namespace heddle::inline v0
