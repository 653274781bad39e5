// SPDX-License-Identifier: BSL-1.0
// Lock diagnosis as a whole: when it is on, what it shows, and locks that are held or waited for too long.
#include <heddle/sync/diagnose.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/thread.hpp>
#include <mutex>
#include "coroutines.hpp"
#include "diagnosis.hpp"
#include "threads.hpp"

using namespace std::chrono_literals;
using heddle::lock_finding;
using heddle::lock_problem;
using heddle::mutex;
using heddle::thread;
using sync_tests::contains;
using sync_tests::diagnosis;
using sync_tests::named;
using sync_tests::only_deadlocks;
using sync_tests::until;
using sync_tests::until_parked;

TEST(lock_diagnosis, is_off_unless_it_is_switched_on) {
    EXPECT_FALSE(heddle::lock_diagnosis_enabled());
    EXPECT_TRUE(heddle::lock_snapshot().empty());
    {
        const diagnosis d;
        EXPECT_TRUE(heddle::lock_diagnosis_enabled());
    }
    EXPECT_FALSE(heddle::lock_diagnosis_enabled());
}

TEST(lock_diagnosis, reports_a_lock_that_is_held_for_long_when_it_is_given_back) {
    auto options = only_deadlocks();
    options.held_long = 1ms;
    const diagnosis d(options);
    mutex m("m");
    m.lock();
    heddle::rt::sleep_for(3ms);
    m.unlock();
    ASSERT_EQ(d.count(), 1U);
    const lock_finding f = d.found()[0];
    EXPECT_EQ(f.what, lock_problem::held_long);
    EXPECT_GE(f.how_long, 3ms);
    EXPECT_TRUE(contains(f.text(), "'main' holds mutex 'm' (for ")) << f.text();
}

TEST(lock_diagnosis, reports_a_lock_that_is_held_for_long_while_somebody_waits) {
    auto options = only_deadlocks();
    options.held_long = 5ms;
    const diagnosis d(options);
    mutex m("m");
    m.lock();
    thread waits([&] { const std::lock_guard hold(m); });
    until([&] { return d.count() == 1; });
    EXPECT_EQ(d.found()[0].what, lock_problem::held_long);
    m.unlock();
    waits.join();
    EXPECT_EQ(d.count(), 1U) << "once for each time that it is held";
}

TEST(lock_diagnosis, reports_a_task_that_others_keep_from_its_lock) {
    auto options = only_deadlocks();
    options.starved = 20ms;
    const diagnosis d(options);
    heddle::priority_mutex p("p");
    p.lock();
    thread meek(named("meek"), [&] {
        p.lock({-1'000'000});
        p.unlock();
    });
    until_parked(&p, 1);
    std::atomic<bool> stop{false};
    std::vector<thread> group;
    for (int i = 0; i < 2; ++i)
        group.emplace_back([&] {
            while (!stop.load()) {
                p.lock({1'000});
                until([&] { return p.n_waiting() == 2 || stop.load(); });
                p.unlock();
            }
        });
    until_parked(&p, 3);
    p.unlock();
    // On a busy machine the others may have to wait for long, too.
    const auto meek_starves = [&] {
        for (const lock_finding& f : d.found())
            if (f.what == lock_problem::starved && f.tasks == std::vector<std::string>{"'meek'"}) return true;
        return false;
    };
    until(meek_starves);
    stop = true;
    for (auto& t : group) t.join();
    meek.join();
}

TEST(lock_diagnosis, reports_a_lock_that_is_destroyed_while_it_is_held) {
    const diagnosis d(only_deadlocks());
    {
        mutex m("m");
        m.lock();
    }
    ASSERT_EQ(d.count(), 1U);
    EXPECT_EQ(d.found()[0].what, lock_problem::destroyed_in_use);
}

TEST(lock_diagnosis, shows_who_holds_what_and_who_waits_for_it) {
    const diagnosis d(only_deadlocks());
    mutex m("accounts");
    mutex unused("unused");
    m.lock();
    thread waits(named("waiter"), [&] { const std::lock_guard hold(m); });
    until_parked(&m, 1);
    const auto all = heddle::lock_snapshot();
    ASSERT_EQ(all.size(), 1U);
    const auto& shown = all[0];
    EXPECT_EQ(shown.address, &m);
    EXPECT_EQ(shown.kind, "mutex");
    EXPECT_EQ(shown.name, "accounts");
    EXPECT_EQ(shown.taken, 1U);
    EXPECT_EQ(shown.waited, 1U);
    ASSERT_EQ(shown.holders.size(), 1U);
    EXPECT_EQ(shown.holders[0].name, "main");
    EXPECT_EQ(shown.holders[0].task, heddle::rt::current_task().id());
    EXPECT_FALSE(shown.holders[0].where.frames.empty());
    ASSERT_EQ(shown.waiters.size(), 1U);
    EXPECT_EQ(shown.waiters[0].name, "waiter");
    const std::string dump = heddle::lock_dump();
    EXPECT_TRUE(contains(dump, "mutex 'accounts'\n  held by 'main' for ")) << dump;
    EXPECT_TRUE(contains(dump, "  waited for by 'waiter' for ")) << dump;
    m.unlock();
    waits.join();
    EXPECT_EQ(heddle::lock_dump(), "");
    EXPECT_EQ(heddle::lock_snapshot()[0].taken, 2U);
}

TEST(lock_diagnosis, may_begin_and_end_while_locks_are_held) {
    mutex m;
    m.lock();
    {
        const diagnosis d;
        m.unlock();
        m.lock();
    }
    m.unlock();
    EXPECT_FALSE(m.locked());
}

TEST(lock_diagnosis, begins_anew_in_the_child_of_a_fork) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    m.lock();
    const pid_t child = ::fork();
    if (child == 0) {
        mutex other("other");
        other.lock();
        const bool right = heddle::lock_snapshot().size() == 1;
        ::_exit(right ? 0 : 1);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
    m.unlock();
}

TEST(lock_diagnosis, is_told_by_the_environment_what_to_look_for) {
    using heddle::detail::parse_diagnose;
    std::string problem;
    EXPECT_FALSE(parse_diagnose("", problem));
    EXPECT_FALSE(parse_diagnose("0", problem));
    EXPECT_TRUE(parse_diagnose("1", problem)->order);
    const auto options = parse_diagnose("held=200,starved=50,order=0,throw=0", problem);
    EXPECT_EQ(options->held_long, 200ms);
    EXPECT_EQ(options->starved, 50ms);
    EXPECT_FALSE(options->order);
    EXPECT_FALSE(options->throw_on_deadlock);
    EXPECT_EQ(problem, "");
    EXPECT_TRUE(parse_diagnose("hold=3", problem));
    EXPECT_TRUE(contains(problem, "'hold=3' is not understood")) << problem;
}
