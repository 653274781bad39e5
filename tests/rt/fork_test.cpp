// SPDX-License-Identifier: BSL-1.0
// What waits must still work in the child of a fork, which has one thread and inherits the parent's books.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <functional>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/rt/worker.hpp>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
#include "waiting.hpp"

using namespace std::chrono_literals;
using heddle::rt::async_park;
using heddle::rt::deadline;
using heddle::rt::park;
using heddle::rt::parking_lot;
using heddle::rt::wait_outcome;
using heddle::rt::worker;
using waiting::always;
using waiting::strand;

namespace {

// Runs `check` in a child; true if it said so.
bool holds_in_a_child(const std::function<bool()>& check) {
    const pid_t child = ::fork();
    if (child == 0) {
        ::alarm(60);  // a hang is a failure
        ::_exit(check() ? 0 : 1);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

bool waits_work(const void* address) {
    if (parking_lot::count(address) != 0) return false;
    if (park(address, always, deadline::after(1ms)) != wait_outcome::timed_out) return false;
    worker w;
    bool done = false;
    waiting::run_on(w, done, [&] {
        [](const void* at, bool& d) -> strand {
            d = co_await async_park(at, always) == wait_outcome::granted;
        }(address, done);
        parking_lot::unpark_one(address);
    });
    return done;
}

}  // namespace

TEST(fork, the_child_finds_nobody_of_the_parents_waiting_and_can_wait) {
    int word = 0;
    std::thread parked([&] { park(&word, always); });
    waiting::until_parked(&word, 1);
    EXPECT_TRUE(holds_in_a_child([&] { return waits_work(&word); }));
    EXPECT_EQ(parking_lot::count(&word), 1U);  // the parent is not disturbed
    parking_lot::unpark_one(&word);
    parked.join();
}

TEST(fork, the_child_can_wait_although_a_lock_was_held_in_the_parent) {
    int word = 0;
    std::atomic<bool> held{false};
    std::atomic<bool> go{false};
    std::thread holder([&] {
        parking_lot::unpark_one(&word, [&](const auto&) {
            held = true;
            waiting::until([&] { return go.load(); });
            return std::uintptr_t{0};
        });
    });
    waiting::until([&] { return held.load(); });
    EXPECT_TRUE(holds_in_a_child([&] { return waits_work(&word); }));
    go = true;
    holder.join();
}

TEST(fork, the_child_finds_every_lock_free_that_another_thread_held) {
    heddle::rt::word_lock lock;
    std::atomic<bool> held{false};
    std::atomic<bool> go{false};
    std::thread holder([&] {
        std::lock_guard guard(lock);
        held = true;
        waiting::until([&] { return go.load(); });
    });
    waiting::until([&] { return held.load(); });
    EXPECT_TRUE(holds_in_a_child([&] {
        lock.lock();
        const bool taken = !lock.try_lock();
        lock.unlock();
        const bool free = lock.try_lock();
        lock.unlock();
        return taken && free;
    }));
    EXPECT_FALSE(lock.try_lock());  // the parent is not disturbed
    go = true;
    holder.join();
    EXPECT_TRUE(lock.try_lock());
    lock.unlock();
}

TEST(fork, the_child_frees_the_lock_that_its_thread_held_in_the_parent) {
    heddle::rt::word_lock lock;
    lock.lock();
    EXPECT_TRUE(holds_in_a_child([&] {
        lock.unlock();
        return lock.try_lock() && holds_in_a_child([&] { return lock.try_lock() && !lock.try_lock(); });
    }));
    lock.unlock();
}

TEST(fork, the_child_can_wait_and_be_asked_to_stop_although_its_task_was_being_asked_in_the_parent) {
    // Holds its task's lock as long as it is being woken, as every waiter does for a moment.
    static std::atomic<bool> waking{false};
    static std::atomic<bool> go{false};
    waking = go = false;
    heddle::rt::waiter slow(heddle::rt::waiter_kind::thread, [](heddle::rt::waiter&, wait_outcome) noexcept {
        waking = true;
        waiting::until([] { return go.load(); });
    });
    int word = 0;
    heddle::rt::task_context task;
    ASSERT_TRUE(task.begin_wait(slow, &word));
    ASSERT_TRUE(parking_lot::enqueue(slow, &word, always));
    std::thread canceller([&] { task.request_stop(); });
    waiting::until([&] { return waking.load(); });
    EXPECT_TRUE(holds_in_a_child([&] {
        heddle::rt::task_scope here(&task);
        const auto wait = [&] {
            return park(&word, always, deadline::after(1ms), heddle::rt::cancellation::observed);
        };
        if (wait() != wait_outcome::cancelled) return false;  // the request had been made already
        if (wait() != wait_outcome::timed_out) return false;
        task.request_stop();
        return wait() == wait_outcome::cancelled && task.uncancel() == 1;
    }));
    go = true;
    canceller.join();
    task.end_wait(wait_outcome::cancelled);
}
