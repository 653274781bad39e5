// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/diagnose.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/monitor.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/select.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <heddle/sync/thread.hpp>
#include <mutex>
#include <optional>
#include <shared_mutex>
#include "coroutines.hpp"
#include "threads.hpp"

using namespace std::chrono_literals;
using heddle::event;
using heddle::lock_diagnosis_options;
using heddle::lock_finding;
using heddle::lock_problem;
using heddle::mutex;
using heddle::shared_mutex;
using heddle::task;
using heddle::thread;
using heddle::thread_options;
using sync_tests::deadline;
using sync_tests::named;
using sync_tests::until;
using sync_tests::until_parked;

namespace {

/// Diagnosis for the time of a test, and what it has found.
class diagnosis {
 public:
    explicit diagnosis(lock_diagnosis_options options = {}) {
        options.report = [this](const lock_finding& f) {
            const std::lock_guard guard(lock_);
            found_.push_back(f);
        };
        heddle::enable_lock_diagnosis(std::move(options));
    }
    ~diagnosis() { heddle::disable_lock_diagnosis(); }
    std::vector<lock_finding> found() const {
        const std::lock_guard guard(lock_);
        return found_;
    }
    std::size_t count() const { return found().size(); }

 private:
    mutable std::mutex lock_;
    std::vector<lock_finding> found_;
};

lock_diagnosis_options only_deadlocks() {
    lock_diagnosis_options options;
    options.order = false;
    options.held_long = {};
    options.starved = {};
    return options;
}

template <class A, class B> void take_both(A& first, B& second) {
    const std::lock_guard one(first);
    const std::lock_guard two(second);
}

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

}  // namespace

TEST(lock_diagnosis, is_off_unless_it_is_switched_on) {
    EXPECT_FALSE(heddle::lock_diagnosis_enabled());
    EXPECT_TRUE(heddle::lock_snapshot().empty());
    {
        const diagnosis d;
        EXPECT_TRUE(heddle::lock_diagnosis_enabled());
    }
    EXPECT_FALSE(heddle::lock_diagnosis_enabled());
}

TEST(lock_diagnosis, reports_two_locks_that_are_taken_in_both_orders_though_nothing_happened) {
    const diagnosis d;
    mutex a("a");
    mutex b("b");
    thread(named("first"), [&] { take_both(a, b); }).join();
    EXPECT_EQ(d.count(), 0U);
    thread(named("second"), [&] { take_both(b, a); }).join();
    ASSERT_EQ(d.count(), 1U);
    const lock_finding f = d.found()[0];
    EXPECT_EQ(f.what, lock_problem::order);
    EXPECT_EQ(f.stacks.size(), 4U) << "both places of both tasks";
    const std::string text = f.text();
    EXPECT_TRUE(contains(text, "'second' took mutex 'b' here:")) << text;
    EXPECT_TRUE(contains(text, "and then mutex 'a' here:")) << text;
    EXPECT_TRUE(contains(text, "'first' took mutex 'a' here:")) << text;
    for (const auto& s : f.stacks) EXPECT_FALSE(s.frames.empty());
    take_both(b, a);
    EXPECT_EQ(d.count(), 1U) << "once for each set of locks";
}

TEST(lock_diagnosis, reports_an_order_that_goes_round_through_three_locks_of_different_kinds) {
    const diagnosis d;
    mutex a("a");
    heddle::fair_mutex b("b");
    heddle::priority_mutex c("c");
    take_both(a, b);
    take_both(b, c);
    EXPECT_EQ(d.count(), 0U);
    take_both(c, a);
    ASSERT_EQ(d.count(), 1U);
    EXPECT_EQ(d.found()[0].locks.size(), 3U);
    EXPECT_TRUE(contains(d.found()[0].text(), "fair_mutex 'b'"));
}

TEST(lock_diagnosis, does_not_report_orders_that_another_lock_keeps_apart) {
    const diagnosis d;
    mutex gate("gate");
    mutex a("a");
    mutex b("b");
    {
        const std::lock_guard hold(gate);
        take_both(a, b);
    }
    {
        const std::lock_guard hold(gate);
        take_both(b, a);
    }
    EXPECT_EQ(d.count(), 0U);
    take_both(b, a);  // now also without it: and then a and b may meet the other order
    EXPECT_EQ(d.count(), 1U);
}

TEST(lock_diagnosis, does_not_report_what_only_tries) {
    const diagnosis d;
    mutex a("a");
    mutex b("b");
    take_both(a, b);
    const std::lock_guard hold(b);
    EXPECT_TRUE(a.try_lock());
    a.unlock();
    EXPECT_TRUE(a.try_lock_for(1h));
    a.unlock();
    EXPECT_EQ(d.count(), 0U);
}

TEST(lock_diagnosis, does_not_report_readers_only) {
    const diagnosis d;
    shared_mutex a("a");
    shared_mutex b("b");
    const auto read_both = [](shared_mutex& x, shared_mutex& y) {
        const std::shared_lock one(x);
        const std::shared_lock two(y);
    };
    read_both(a, b);
    read_both(b, a);
    EXPECT_EQ(d.count(), 0U);
    take_both(b, a);  // writes
    EXPECT_EQ(d.count(), 1U);
}

TEST(lock_diagnosis, knows_a_new_lock_at_an_old_address_for_another) {
    const diagnosis d;
    std::optional<mutex> a;
    mutex b("b");
    a.emplace("a");
    take_both(*a, b);
    a.emplace("other");
    take_both(b, *a);
    EXPECT_EQ(d.count(), 0U);
}

TEST(lock_diagnosis, tells_a_task_that_it_holds_the_lock_that_it_waits_for) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    const std::lock_guard hold(m);
    try {
        m.lock();
        FAIL() << "the lock was taken twice";
    } catch (const heddle::deadlock_error& e) {
        EXPECT_TRUE(contains(e.what(), "mutex 'm'")) << e.what();
    }
    ASSERT_EQ(d.count(), 1U);
    EXPECT_EQ(d.found()[0].what, lock_problem::self_deadlock);
}

TEST(lock_diagnosis, says_so_of_a_reader_that_comes_again_behind_a_writer) {
    const diagnosis d(only_deadlocks());
    shared_mutex m("m");
    m.lock_shared();
    thread writer([&] { const std::lock_guard hold(m); });
    until_parked(&m, 1);
    EXPECT_THROW(m.lock_shared(), heddle::deadlock_error);
    m.unlock_shared();
}

TEST(lock_diagnosis, does_not_take_a_recursive_lock_for_a_deadlock) {
    const diagnosis d(only_deadlocks());
    heddle::recursive_mutex m;
    const std::lock_guard one(m);
    const std::lock_guard two(m);
    EXPECT_EQ(d.count(), 0U);
}

TEST(lock_diagnosis, names_the_cycle_when_tasks_wait_for_each_other_and_lets_one_go_on) {
    const diagnosis d(only_deadlocks());
    mutex a("a");
    mutex b("b");
    event first_holds;
    event second_holds;
    bool broken = false;
    thread first(named("first"), [&] {
        const std::lock_guard hold(a);
        first_holds.set();
        second_holds.wait();
        const std::lock_guard want(b);  // waits until the other has been thrown out
    });
    thread second(named("second"), [&] {
        const std::lock_guard hold(b);
        first_holds.wait();
        second_holds.set();
        until_parked(&b, 1);
        try {
            const std::lock_guard want(a);
        } catch (const heddle::deadlock_error&) {
            broken = true;
        }
    });
    first.join();
    second.join();
    EXPECT_TRUE(broken);
    ASSERT_EQ(d.count(), 1U);
    const lock_finding f = d.found()[0];
    EXPECT_EQ(f.what, lock_problem::cycle);
    EXPECT_EQ(f.tasks, (std::vector<std::string>{"'second'", "'first'"}));
    EXPECT_EQ(f.locks,
              (std::vector<std::string>{"mutex 'a', held by 'first'", "mutex 'b', held by 'second'"}));
    EXPECT_EQ(f.stacks.size(), 4U);
}

TEST(lock_diagnosis, finds_a_cycle_that_goes_through_the_join_of_a_thread) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    bool broken = false;
    m.lock();
    thread t(named("joined"), [&] { const std::lock_guard hold(m); });
    until_parked(&m, 1);
    try {
        t.join();
    } catch (const heddle::deadlock_error& e) {
        broken = true;
        EXPECT_TRUE(contains(e.what(), "the end of 'joined'")) << e.what();
    }
    m.unlock();
    EXPECT_TRUE(broken);
}

TEST(lock_diagnosis, finds_a_cycle_of_coroutines) {
    const diagnosis d(only_deadlocks());
    mutex a("a");
    mutex b("b");
    int broken = 0;
    const auto take = [](mutex& x, mutex& y, int& n) -> task<> {
        co_await x.async_lock();
        co_await heddle::yield();
        try {
            co_await y.async_lock();
            y.unlock();
        } catch (const heddle::deadlock_error&) {
            ++n;
        }
        x.unlock();
    };
    const auto main = [&]() -> task<> {
        auto one = heddle::event_loop::current()->spawn(take(a, b, broken));
        auto two = heddle::event_loop::current()->spawn(take(b, a, broken));
        co_await one;
        co_await two;
    };
    heddle::run(main());
    EXPECT_EQ(broken, 1);
    EXPECT_EQ(d.count(), 1U);
}

TEST(lock_diagnosis, tells_a_thread_that_it_blocks_the_worker_that_the_holder_needs) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    const auto hold = [](mutex& l) -> task<> {
        co_await l.async_lock();
        co_await heddle::yield();
        co_await heddle::yield();
        l.unlock();
    };
    const auto main = [&]() -> task<> {
        auto holder = heddle::event_loop::current()->spawn(hold(m));
        co_await heddle::yield();
        EXPECT_THROW(m.lock(), heddle::deadlock_error);
        co_await holder;
    };
    heddle::run(main());
    ASSERT_EQ(d.count(), 1U);
    EXPECT_EQ(d.found()[0].what, lock_problem::blocked_loop);
}

TEST(lock_diagnosis, reports_each_place_where_a_coroutine_holds_up_its_loop_once) {
    const diagnosis d(only_deadlocks());
    event never;
    heddle::semaphore none(0);
    heddle::queue<int> empty(1);
    const auto main = [&]() -> task<> {
        for (int i = 0; i < 2; ++i) {
            EXPECT_FALSE(never.wait_for(10ms));
            EXPECT_FALSE(none.try_acquire_for(10ms));
            EXPECT_FALSE(empty.get_for(10ms));
            EXPECT_FALSE(heddle::select_for(10ms, heddle::on_event(never, [] {})));
            thread([] {}).join();
            // These are right.
            EXPECT_FALSE(never.wait_for(0s));
            EXPECT_FALSE(co_await none.async_acquire(deadline::after(1us)));
        }
    };
    heddle::run(main());
    std::vector<std::string> what;
    for (const lock_finding& f : d.found()) {
        EXPECT_EQ(f.what, lock_problem::held_up_loop);
        what.push_back(f.locks.at(0).substr(0, f.locks.at(0).find(' ')));
    }
    // It may be over by the time that it is joined. And the limit of a wait may pass before it begins, where
    // this thread does not run for a while; then it is reported in the next round.
    std::erase(what, "thread");
    std::sort(what.begin(), what.end());
    EXPECT_EQ(what, (std::vector<std::string>{"event", "queue", "select", "semaphore"}));
}

TEST(lock_diagnosis, leaves_threads_and_fibers_that_wait_alone) {
    const diagnosis d(only_deadlocks());
    event never;
    EXPECT_FALSE(never.wait_for(1us));
    sync_tests::run_fibers({[&] { EXPECT_FALSE(never.wait_for(1us)); }});
    EXPECT_EQ(d.count(), 0U);
}

TEST(lock_diagnosis, does_not_take_a_wait_with_a_limit_for_a_deadlock) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    const std::lock_guard hold(m);
    EXPECT_FALSE(m.try_lock_for(1us));
    EXPECT_EQ(d.count(), 0U);
}

TEST(lock_diagnosis, does_not_mind_who_unlocks) {
    const diagnosis d(only_deadlocks());
    mutex m("m");
    m.lock();
    thread([&] { m.unlock(); }).join();
    m.lock();
    m.unlock();
    heddle::monitor<int> number(0);
    thread waits([&] { number.when([](int n) { return n == 1; }).with([](int& n) { n = 2; }); });
    number.with([](int& n) { n = 1; });
    waits.join();
    number.with([](int& n) { EXPECT_EQ(n, 2); });
    heddle::recursive_mutex r;
    heddle::condition c(r);
    bool ready = false;
    thread other([&] {
        const std::lock_guard hold(r);
        const std::lock_guard twice(r);
        c.wait([&] { return ready; });
    });
    {
        const std::lock_guard hold(r);
        ready = true;
        c.notify_all();
    }
    other.join();
    EXPECT_EQ(d.count(), 0U);
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
