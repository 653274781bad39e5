// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/thread.hpp>

#include <gtest/gtest.h>
#include <pthread.h>
#include <fstream>
#include <functional>
#include <heddle/sync/event.hpp>
#include <heddle/sync/local.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/queue.hpp>
#include <memory>
#include <mutex>
#include "coroutines.hpp"
#include "threads.hpp"

using namespace std::chrono_literals;
using heddle::event;
using heddle::thread;
using heddle::thread_options;
using heddle::thread_state;
using sync_tests::deadline;
using sync_tests::named;
using sync_tests::not_started;
using sync_tests::until;
using sync_tests::until_parked;

TEST(thread, runs_its_function_with_copies_of_the_arguments) {
    std::string seen;
    std::string text = "loom";
    thread t([&seen](const std::string& a, int b) { seen = a + std::to_string(b); }, text, 7);
    text = "changed";
    t.join();
    EXPECT_EQ(seen, "loom7");
}

TEST(thread, takes_arguments_and_functions_that_can_only_be_moved) {
    int seen = 0;
    thread t([&seen, a = std::make_unique<int>(1)](std::unique_ptr<int> b) { seen = *a + *b; },
             std::make_unique<int>(2));
    t.join();
    EXPECT_EQ(seen, 3);
}

TEST(thread, calls_a_member_of_an_object_that_is_referred_to) {
    struct loom {
        void weave(int n) { rows += n; }
        int rows = 0;
    } it;
    thread(&loom::weave, std::ref(it), 3).join();
    EXPECT_EQ(it.rows, 3);
}

TEST(thread, is_joined_at_the_end_of_its_scope) {
    std::atomic<bool> ran{false};
    {
        const thread t([&] { ran = true; });
    }
    EXPECT_TRUE(ran);
}

TEST(thread, joins_what_it_had_when_another_is_moved_into_it) {
    std::atomic<int> ended{0};
    thread t([&] { ended.fetch_add(1); });
    t = thread([&] { ended.fetch_add(10); });
    EXPECT_EQ(ended.load() % 10, 1);
    thread other = std::move(t);
    EXPECT_FALSE(t.valid());
    other.join();
    EXPECT_EQ(ended.load(), 11);
}

TEST(thread, TH01_cannot_be_joined_before_it_is_started_nor_started_twice) {
    thread t(not_started(), [] {});
    EXPECT_EQ(t.state(), thread_state::created);
    EXPECT_EQ(t.native_id(), 0);
    EXPECT_FALSE(t.alive());
    EXPECT_THROW(t.join(), heddle::invalid_state);
    EXPECT_THROW(t.try_join(), heddle::invalid_state);
    EXPECT_THROW(t.join_for(1h), heddle::invalid_state);
    t.start();
    EXPECT_THROW(t.start(), heddle::invalid_state);
    t.join();
    EXPECT_THROW(t.start(), heddle::invalid_state);
}

TEST(thread, TH01_is_not_alive_after_the_join_and_keeps_its_id) {
    thread t([] {});
    const auto id = t.id();
    t.join();
    EXPECT_FALSE(t.alive());
    EXPECT_EQ(t.state(), thread_state::finished);
    EXPECT_EQ(t.id(), id);
    EXPECT_NE(t.native_id(), 0);
    EXPECT_EQ(t.blocked_on(), "");
}

TEST(thread, TH01_that_was_not_started_goes_without_having_run) {
    bool ran = false;
    {
        const thread t(not_started(), [&] { ran = true; });
    }
    EXPECT_FALSE(ran);
}

TEST(thread, TH02_that_joins_itself_is_told_so) {
    thread t;
    event there;
    std::string what;
    t = thread([&] {
        there.wait();
        try {
            t.join();
        } catch (const heddle::deadlock_error& e) {
            what = e.what();
        }
        EXPECT_THROW(t.join_for(1h), heddle::deadlock_error);
    });
    there.set();
    t.join();
    EXPECT_NE(what.find("waits for its own end"), std::string::npos) << what;
}

TEST(thread, TH02_a_coroutine_that_joins_the_thread_it_runs_on_is_told_so) {
    thread t;
    event there;
    int told = 0;
    const auto join = [&]() -> heddle::task<> {
        try {
            co_await t.async_join();
        } catch (const heddle::deadlock_error&) {
            ++told;
        }
        try {
            (void)co_await t.async_join(deadline::after(1h));
        } catch (const heddle::deadlock_error&) {
            ++told;
        }
    };
    t = thread([&] {
        there.wait();
        heddle::run(join());
    });
    there.set();
    t.join();
    EXPECT_EQ(told, 2);
}

TEST(thread, TH03_a_join_with_a_limit_by_a_coroutine_returns_at_it_and_later_ones_succeed) {
    event go;
    thread t([&] { go.wait(); });
    const auto join = [&]() -> heddle::task<> {
        EXPECT_FALSE(co_await t.async_join(deadline::after(1ms)));
        EXPECT_FALSE(co_await t.async_join(deadline::after(-1s)));
        EXPECT_TRUE(t.alive());
        go.set();
        co_await t.async_join();
        EXPECT_FALSE(t.alive());
        EXPECT_TRUE(co_await t.async_join(deadline::after(1h)));
        co_await t.async_join();
    };
    heddle::run(join());
}

TEST(thread, TH03_a_join_with_a_limit_returns_at_it_and_later_ones_succeed) {
    event go;
    thread t([&] { go.wait(); });
    EXPECT_FALSE(t.join_for(1ms));
    EXPECT_FALSE(t.join_until(deadline::after(-1s)));
    EXPECT_FALSE(t.try_join());
    EXPECT_TRUE(t.alive());
    go.set();
    EXPECT_TRUE(t.join_for(1h));
    EXPECT_TRUE(t.join_for(1h));
    EXPECT_TRUE(t.try_join());
    t.join();
    EXPECT_FALSE(t.alive());
}

TEST(thread, is_joined_by_several_at_once) {
    event go;
    thread t([&] { go.wait(); });
    std::atomic<int> joined{0};
    std::vector<std::thread> group;
    for (int i = 0; i < 4; ++i)
        group.emplace_back([&] {
            t.join();
            joined.fetch_add(1);
        });
    go.set();
    for (auto& g : group) g.join();
    EXPECT_EQ(joined.load(), 4);
}

TEST(thread, is_joined_by_fibers_and_coroutines_without_holding_up_their_worker) {
    event go;
    thread t([&] { go.wait(); });
    int joined = 0;
    sync_tests::run_fibers({[&] {
                                t.join();
                                ++joined;
                            },
                            [&] { go.set(); }});
    EXPECT_EQ(joined, 1);

    event second;
    thread other([&] { second.wait(); });
    heddle::event_loop loop;
    loop.run([](thread& what, event& e, int& n) -> heddle::task<> {
        event gave_up;
        heddle::future<void> joiner =
            heddle::event_loop::current()->spawn([](thread& w, event& g, int& m) -> heddle::task<> {
                EXPECT_FALSE(co_await w.async_join(deadline::after(1us)));
                g.set();
                co_await w.async_join();
                EXPECT_TRUE(co_await w.async_join(deadline::after(-1s)));
                ++m;
            }(what, gave_up, n));
        co_await gave_up.async_wait();
        e.set();
        co_await joiner;
    }(other, second, joined));
    EXPECT_EQ(joined, 2);
}

TEST(thread, a_join_is_no_point_of_cancellation) {
    event go;
    thread t([&] { go.wait(); });
    sync_tests::stoppable_thread joiner([&] {
        t.join();
        EXPECT_TRUE(heddle::rt::current_task().stop_pending());
    });
    joiner.request_stop();
    go.set();
    joiner.join();
}

namespace {

/// Does something when the thread that has used it ends.
struct at_exit {
    std::function<void()> f;
    ~at_exit() {
        if (f) f();
    }
};
thread_local at_exit last;

}  // namespace

TEST(thread, TH03_is_not_waited_for_beyond_the_limit_while_its_thread_local_objects_are_destroyed) {
    event there;
    event go;
    thread t([&] {
        last.f = [&] {
            there.set();
            go.wait();
        };
    });
    there.wait();
    EXPECT_FALSE(t.try_join());
    EXPECT_FALSE(t.join_for(1ms));
    EXPECT_TRUE(t.alive());
    EXPECT_EQ(t.state(), thread_state::blocked);
    go.set();
    EXPECT_TRUE(t.join_for(1h));
    EXPECT_FALSE(t.alive());
}

TEST(thread, is_the_current_task_until_its_thread_local_objects_are_gone) {
    std::uint64_t seen = 0;
    thread t([&] { last.f = [&] { seen = heddle::current_thread().id(); }; });
    t.join();
    EXPECT_EQ(seen, t.id());
}

TEST(thread, a_join_by_several_is_no_point_of_cancellation_for_any_of_them) {
    event there;
    event go;
    thread t([&] {
        last.f = [&] {
            there.set();
            go.wait();
        };
    });
    there.wait();
    sync_tests::stoppable_thread a([&] { t.join(); });
    sync_tests::stoppable_thread b([&] { t.join(); });
    until([&] { return a.task().waits_for() && b.task().waits_for(); });
    a.request_stop();
    b.request_stop();
    go.set();
    a.join();
    b.join();
    EXPECT_EQ(t.state(), thread_state::finished);
}

TEST(thread, TH05_whether_it_is_a_daemon_is_settled_at_its_start) {
    thread t(not_started(), [] {});
    EXPECT_FALSE(t.daemon());
    t.set_daemon(true);
    t.set_daemon(false);
    t.start();
    EXPECT_THROW(t.set_daemon(true), heddle::invalid_state);
    t.join();
    EXPECT_THROW(t.set_daemon(true), heddle::invalid_state);
}

TEST(thread, that_is_a_daemon_is_not_waited_for) {
    auto go = std::make_shared<event>();
    auto gone = std::make_shared<event>();
    thread::handle it = heddle::current_thread();
    {
        thread_options options;
        options.daemon = true;
        const thread t(options, [go, gone] {
            go->wait();
            gone->set();
        });
        it = t.get_handle();
    }
    EXPECT_TRUE(it.alive());
    EXPECT_TRUE(it.daemon());
    go->set();
    gone->wait();
    until([&] { return !it.alive(); });
}

TEST(thread, that_destroys_itself_goes_on_to_its_end) {
    const std::size_t before = heddle::thread_count();
    event done;
    auto* t = new thread(not_started(), [] {});
    *t = thread(not_started(), [&done, &t] {
        delete t;
        done.set();
    });
    t->start();
    done.wait();
    until([&] { return heddle::thread_count() == before; });
}

TEST(thread, TH06_what_is_local_to_another_task_is_absent_in_it) {
    heddle::local<int> mine;
    mine.set(5);
    bool there = true;
    thread([&] { there = mine.has_value(); }).join();
    EXPECT_FALSE(there);
    EXPECT_EQ(mine.get(), 5);
}

TEST(thread, has_a_name_that_the_system_shows) {
    event go;
    thread t(named("a-name-that-is-too-long"), [&] { go.wait(); });
    EXPECT_EQ(t.name(), "a-name-that-is-too-long");
    const auto shown = [&] {
        std::ifstream file("/proc/self/task/" + std::to_string(t.native_id()) + "/comm");
        std::string line;
        std::getline(file, line);
        return line;
    };
    EXPECT_EQ(shown(), "a-name-that-is-");
    t.set_name("short");
    EXPECT_EQ(t.name(), "short");
    EXPECT_EQ(shown(), "short");
    go.set();
}

TEST(thread, without_a_name_is_given_one_with_a_number) {
    const thread a(not_started(), [] {});
    const thread b(not_started(), [] {});
    EXPECT_EQ(a.name().substr(0, 7), "thread-");
    EXPECT_NE(a.name(), b.name());
}

TEST(thread, is_the_current_task_of_what_it_runs) {
    std::uint64_t inside = 0;
    std::string name;
    thread t(named("weaver"), [&] {
        inside = heddle::rt::current_task().id();
        name = heddle::rt::current_task().name();
        EXPECT_EQ(heddle::current_thread().id(), inside);
    });
    t.join();
    EXPECT_EQ(inside, t.id());
    EXPECT_EQ(name, "weaver");
}

TEST(thread, that_is_asked_to_stop_sees_it_at_its_next_wait_and_by_its_token) {
    std::stop_source source;
    const std::function<void(thread&)> ways[] = {[](thread& t) { t.request_stop(); },
                                                 [](thread& t) { t.get_handle().request_stop(); },
                                                 [&](thread&) { source.request_stop(); }};
    for (const auto& ask : ways) {
        thread_options options;
        options.stop = source.get_token();
        bool cancelled = false;
        bool token_says_so = false;
        thread t(options, [&](std::stop_token stop) {
            heddle::queue<int> q(1);
            try {
                (void)q.get();
            } catch (const heddle::cancelled&) {
                cancelled = true;
            }
            token_says_so = stop.stop_requested();
        });
        EXPECT_FALSE(t.stop_token().stop_requested());
        ask(t);
        t.join();
        EXPECT_TRUE(t.stop_token().stop_requested());
        EXPECT_TRUE(cancelled);
        EXPECT_TRUE(token_says_so);
    }
}

TEST(thread, X2_a_stop_token_that_it_is_tied_to_wakes_what_it_waits_in) {
    std::stop_source source;
    event never;
    thread_options options;
    options.stop = source.get_token();
    int ended = 0;
    thread t(options, [&] {
        try {
            never.wait();
        } catch (const heddle::cancelled&) {
            ++ended;
        }
        EXPECT_FALSE(never.wait_for(0s));  // once
    });
    until_parked(&never, 1);
    source.request_stop();
    t.join();
    EXPECT_EQ(ended, 1);
}

TEST(thread, that_is_tied_to_a_token_that_has_stopped_is_asked_at_once) {
    std::stop_source source;
    source.request_stop();
    thread_options options;
    options.stop = source.get_token();
    bool asked = false;
    thread(options, [&] { asked = heddle::rt::current_task().stop_pending(); }).join();
    EXPECT_TRUE(asked);
}

TEST(thread, says_that_it_is_blocked_and_on_what) {
    heddle::mutex accounts("accounts");
    event unnamed;
    accounts.lock();
    thread a([&] { const std::lock_guard hold(accounts); });
    thread b([&] { unnamed.wait(); });
    until_parked(&accounts, 1);
    until_parked(&unnamed, 1);
    EXPECT_EQ(a.state(), thread_state::blocked);
    EXPECT_EQ(a.blocked_on(), "mutex 'accounts'");
    EXPECT_EQ(b.state(), thread_state::blocked);
    EXPECT_EQ(b.blocked_on().substr(0, 9), "event at ");
    accounts.unlock();
    unnamed.set();
}

TEST(thread, says_that_it_is_blocked_on_the_end_of_another) {
    event go;
    thread a(named("weaver"), [&] { go.wait(); });
    thread b([&] { a.join(); });
    until([&] { return b.blocked_on() == "thread 'weaver'"; });
    go.set();
}

TEST(thread, says_that_it_is_blocked_in_the_system) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    thread t([&] {
        char c = 0;
        EXPECT_EQ(::read(ends[0], &c, 1), 1);
    });
    until([&] { return t.state() == thread_state::blocked && t.blocked_on() == "read"; });
    EXPECT_EQ(::write(ends[1], "x", 1), 1);
    t.join();
    ::close(ends[0]);
    ::close(ends[1]);
}

TEST(thread, that_computes_is_running_or_waits_for_a_cpu) {
    std::atomic<bool> stop{false};
    thread t([&] {
        while (!stop.load()) {
        }
    });
    until([&] {
        const auto now = t.state();
        return now == thread_state::running || now == thread_state::runnable;
    });
    until([&] { return t.state() == thread_state::running; });
    EXPECT_EQ(t.blocked_on(), "");
    stop = true;
    EXPECT_EQ(heddle::current_thread().state(), thread_state::running);
}

TEST(thread, has_a_stack_of_the_size_that_was_asked_for) {
    thread_options options;
    options.stack_size = std::size_t{4} << 20;
    std::size_t size = 0;
    thread(options, [&] {
        pthread_attr_t attributes;
        ASSERT_EQ(::pthread_getattr_np(::pthread_self(), &attributes), 0);
        void* low = nullptr;
        ::pthread_attr_getstack(&attributes, &low, &size);
        ::pthread_attr_destroy(&attributes);
    }).join();
    EXPECT_GE(size, std::size_t{4} << 20);
}

TEST(thread, on_nothing_refuses_every_call) {
    thread none;
    EXPECT_FALSE(none.valid());
    EXPECT_THROW(none.join(), heddle::invalid_state);
    EXPECT_THROW(none.start(), heddle::invalid_state);
    EXPECT_THROW((void)none.state(), heddle::invalid_state);
    EXPECT_THROW(none.request_stop(), heddle::invalid_state);
}
