// SPDX-License-Identifier: BSL-1.0
// What waits must still work in the child of a fork, which has one thread and inherits the parent's books.
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <functional>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/worker.hpp>
#include <memory>
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
