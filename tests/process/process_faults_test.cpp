// SPDX-License-Identifier: BSL-1.0
// Workers, servers and messages that go wrong: each is an answer and none a hang.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>
#include <array>
#include <cstdlib>
#include <heddle/process/process_pool.hpp>
#include <heddle/task/wait.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "gate.hpp"
#include "processes.hpp"

using processes::gate;
using processes::kill_dead;
using processes::watched;
using ::testing::HasSubstr;

namespace {

constexpr const char* workers_die = "HEDDLE_TEST_WORKERS_DIE";
constexpr const char* server_dies = "HEDDLE_TEST_SERVER_DIES";

// In a fork server only: what a program does that cannot live there.
[[maybe_unused]] const bool sabotaged = [] {
    if (::getenv("HEDDLE_FORK_SERVER") == nullptr) return false;
    if (::getenv(server_dies) != nullptr) ::_exit(3);
    if (::getenv(workers_die) != nullptr) ::pthread_atfork(nullptr, nullptr, [] { ::_exit(9); });
    return true;
}();

class environment_setting {
 public:
    explicit environment_setting(const char* name) : name_(name) { ::setenv(name, "1", 1); }
    ~environment_setting() { ::unsetenv(name_); }

 private:
    const char* name_;
};

int twice(int n) {
    return 2 * n;
}
pid_t own_pid() {
    return ::getpid();
}
int die_by(int signal) {
    ::signal(signal, SIG_DFL);  // a sanitizer's handler would turn it into an exit
    ::raise(signal);
    return 0;
}
int die_if_multiple_of_three(int n) {
    if (n % 3 == 0) ::kill(::getpid(), SIGKILL);
    return n;
}

// What a worker_died says. Not the exception itself: copies of it share its text by a count inside libstdc++,
// which ThreadSanitizer does not see.
struct death {
    pid_t pid;
    int signal;
    int exit_code;
    std::string what;
};

template <class T> death death_of(const heddle::future<T>& f) {
    try {
        f.get();
    } catch (const heddle::worker_died& e) {
        return {e.pid(), e.signal(), e.exit_code(), e.what()};
    }
    throw std::logic_error("the worker lived");
}

// A value that goes wrong at one point of its way.
enum class fault { none, pack_in_parent, unpack_in_worker, pack_in_worker, unpack_in_parent };
enum class kind { throws, exits, crashes };

pid_t parent_of_all = ::getpid();  // in a worker it is the server's, and so another one

struct fragile {
    fault where = fault::none;
    kind how = kind::throws;

    static void fail(kind how) {
        if (how == kind::throws) throw std::out_of_range("the thread snapped");
        if (how == kind::exits) ::_exit(5);
        ::kill(::getpid(), SIGKILL);
    }
    template <class Archive> void save(Archive& archive) const {
        const bool here = ::getpid() == parent_of_all;
        if (where == (here ? fault::pack_in_parent : fault::pack_in_worker)) fail(how);
        archive(where, how);
    }
    template <class Archive> void load(Archive& archive) {
        archive(where, how);
        const bool here = ::getpid() == parent_of_all;
        if (where == (here ? fault::unpack_in_parent : fault::unpack_in_worker)) fail(how);
    }
    fragile() = default;
    fragile(fault f, kind k) : where(f), how(k) {}
    fragile(const fragile& other) : where(other.where), how(other.how) {}  // so that it is not sent as bytes
    fragile& operator=(const fragile&) = default;
};

fragile echo(fragile f) {
    return f;
}

}  // namespace

// A worker that ends

TEST(process_faults, a_worker_that_exits_fails_its_own_call_with_its_exit_code) {
    heddle::process_pool procs({.workers = 1, .name = "loom"});
    const pid_t worker = procs.submit(own_pid).get();
    const auto e = death_of(procs.submit([] { ::_exit(3); }));
    EXPECT_EQ(e.exit_code, 3);
    EXPECT_EQ(e.signal, 0);
    EXPECT_EQ(e.pid, worker);
    EXPECT_THAT(e.what, HasSubstr("exited with code 3"));
    EXPECT_THAT(e.what, HasSubstr("'loom'"));
    EXPECT_THAT(e.what, HasSubstr("task 2"));
    EXPECT_NE(procs.submit(own_pid).get(), worker);
}

TEST(process_faults, MP01_exit_in_a_call_ends_its_worker) {
    heddle::process_pool procs(1);
    EXPECT_EQ(death_of(procs.submit([] { std::exit(4); })).exit_code, 4);
    EXPECT_EQ(death_of(procs.submit([] { std::exit(0); })).exit_code, 0);
    EXPECT_EQ(procs.submit(twice, 21).get(), 42);
}

TEST(process_faults, MP01_a_signal_that_ends_a_worker_is_told) {
    heddle::process_pool procs(1);
    for (const int signal : {SIGKILL, SIGTERM, SIGSEGV, SIGABRT, SIGFPE}) {
        const auto e = death_of(procs.submit(die_by, signal));
        EXPECT_EQ(e.signal, signal);
        EXPECT_THAT(e.what, HasSubstr("signal " + std::to_string(signal)));
    }
    EXPECT_EQ(procs.stats().workers_died, 5u);
    EXPECT_EQ(procs.submit(twice, 21).get(), 42);
}

TEST(process_faults, an_abort_in_a_call_ends_its_worker) {
    heddle::process_pool procs(1);
    EXPECT_EQ(death_of(procs.submit([] { std::abort(); })).signal, SIGABRT);
}

TEST(process_faults, an_exception_that_leaves_a_noexcept_function_ends_its_worker) {
    heddle::process_pool procs(1);
    EXPECT_EQ(death_of(procs.submit([]() noexcept { [] { throw 1; }(); })).signal, SIGABRT);
}

TEST(process_faults, PP01_a_worker_killed_in_a_call_fails_only_that_call) {
    heddle::process_pool procs(2);
    const gate doomed;
    const gate safe;
    const auto lost = procs.submit(gate::pass, doomed.name());
    const auto kept = procs.submit(gate::pass, safe.name());
    const pid_t victim = doomed.wait_for_arrival();
    safe.wait_for_arrival();
    std::vector<heddle::future<int>> waiting;
    for (int i = 0; i < 20; ++i) waiting.push_back(procs.submit(twice, i));
    ::kill(victim, SIGKILL);
    const auto e = death_of(lost);
    EXPECT_EQ(e.pid, victim);
    EXPECT_EQ(e.signal, SIGKILL);
    for (int i = 0; i < 20; ++i) EXPECT_EQ(waiting[static_cast<std::size_t>(i)].get(), 2 * i);
    safe.open();
    EXPECT_GT(kept.get(), 0);
    EXPECT_EQ(procs.submit(twice, 21).get(), 42) << "the pool goes on";
}

TEST(process_faults, a_worker_killed_between_calls_costs_none) {
    heddle::process_pool procs(1);
    for (int round = 0; round < 20; ++round) {
        const pid_t worker = procs.submit(own_pid).get();
        ASSERT_TRUE(kill_dead(worker));
        const auto next = procs.submit(own_pid);
        ASSERT_NO_THROW(next.get()) << "round " << round;
        EXPECT_NE(next.get(), worker);
    }
}

TEST(process_faults, workers_that_die_in_every_third_call_fail_every_third_call) {
    heddle::process_pool procs(2);
    std::vector<heddle::future<int>> calls;
    for (int i = 0; i < 30; ++i) calls.push_back(procs.submit(die_if_multiple_of_three, i));
    for (int i = 0; i < 30; ++i) {
        const auto& f = calls[static_cast<std::size_t>(i)];
        if (i % 3 == 0)
            EXPECT_THROW(f.get(), heddle::worker_died) << i;
        else
            EXPECT_EQ(f.get(), i);
    }
}

TEST(process_faults, a_worker_killed_in_a_map_fails_the_chunk_that_it_had) {
    heddle::process_pool procs(1);
    const auto results = procs.map(die_if_multiple_of_three, std::vector{1, 2, 3, 4, 5, 7}, {.chunk = 2});
    std::string outcome;
    for (auto at = results.begin(); at != results.end(); ++at) {
        try {
            outcome += std::to_string(*at);
        } catch (const heddle::worker_died&) {
            outcome += 'x';
        }
    }
    EXPECT_EQ(outcome, "12xx57");
}

TEST(process_faults, a_process_that_a_call_left_behind_does_not_hide_the_death_of_its_worker) {
    heddle::process_pool procs(1);
    const gate g;
    const auto call = procs.submit(
        [](std::string name) {
            if (::fork() == 0) {
                gate::pass(name);  // it holds what the worker held until it is let through
                ::_exit(0);
            }
            ::kill(::getpid(), SIGKILL);
        },
        g.name());
    g.wait_for_arrival();
    EXPECT_TRUE(call.wait_for(processes::patience));
    g.open();
    EXPECT_EQ(death_of(call).signal, SIGKILL);
}

// A server that ends

TEST(process_faults, a_fork_server_killed_while_calls_run_fails_those_and_is_replaced) {
    heddle::process_pool procs(2);
    const pid_t server = procs.submit(&::getppid).get();
    const gate g;
    const auto one = procs.submit(gate::pass, g.name());
    const auto two = procs.submit(gate::pass, g.name());
    const std::array workers{watched(g.wait_for_arrival()), watched(g.wait_for_arrival())};
    ::kill(server, SIGKILL);
    EXPECT_THROW(one.get(), heddle::worker_died);
    EXPECT_THROW(two.get(), heddle::worker_died);
    for (const auto& w : workers) EXPECT_TRUE(w.ended());
    EXPECT_EQ(procs.submit(twice, 21).get(), 42);
    EXPECT_NE(procs.submit(&::getppid).get(), server);
}

TEST(process_faults, a_fork_server_killed_between_calls_costs_none) {
    heddle::process_pool procs(4);
    for (int round = 0; round < 10; ++round) {
        std::vector<heddle::future<pid_t>> calls;
        for (int i = 0; i < 8; ++i) calls.push_back(procs.submit(&::getppid));
        heddle::wait(calls);
        // A worker that is only being started would not be waited for below, and might die in the next call.
        while (procs.pids().size() < 4) std::this_thread::yield();
        std::vector<watched> workers;
        for (const pid_t p : procs.pids()) workers.emplace_back(p);
        ASSERT_TRUE(kill_dead(calls.front().get()));
        for (const auto& w : workers) ASSERT_TRUE(w.ended());
        // As many at once as there are seats, so that all of them find their workers gone.
        calls.clear();
        for (int i = 0; i < 4; ++i) calls.push_back(procs.submit(&::getppid));
        for (const auto& c : calls) ASSERT_NO_THROW(c.get()) << "round " << round;
    }
}

TEST(process_faults, a_fork_server_killed_while_its_first_workers_start_is_replaced) {
    for (int round = 0; round < 10; ++round) {
        heddle::process_pool procs(4);
        const auto children = processes::children();
        ASSERT_EQ(children.size(), 1u) << "the server is there when the constructor returns";
        ::kill(children.front(), SIGKILL);
        // A worker that is ready already may get a call before the kernel gets at it; the pool must not
        // break.
        for (bool answered = false; !answered;) {
            try {
                answered = procs.submit(twice, 21).get() == 42;
            } catch (const heddle::worker_died&) {
            }
        }
    }
}

// A pool that cannot go on

TEST(process_faults, PP01_workers_that_die_before_they_are_ready_break_the_pool) {
    const environment_setting setting(workers_die);
    heddle::process_pool procs(2);
    EXPECT_THROW(procs.submit(twice, 1).get(), heddle::broken_pool);
    EXPECT_THROW(procs.submit(twice, 2).get(), heddle::broken_pool);
    EXPECT_THROW(procs.map(twice, std::vector{1, 2, 3}).get(), heddle::broken_pool);
}

TEST(process_faults, a_program_that_does_not_come_up_as_a_server_is_told) {
    const environment_setting setting(server_dies);
    EXPECT_THROW(heddle::process_pool(1), heddle::broken_pool);
    EXPECT_FALSE(processes::have_children());
}

TEST(process_faults, a_pool_that_cannot_open_files_says_so_and_the_next_one_works) {
#if defined(__has_feature)
#if __has_feature(address_sanitizer)
    GTEST_SKIP() << "AddressSanitizer itself opens files when a thread starts, and gives up without them";
#endif
#endif
    rlimit before{};
    ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
    for (int spare = 0; spare < 8; ++spare) {
        const int lowest_free = ::dup(0);
        ASSERT_GE(lowest_free, 0);
        ::close(lowest_free);
        rlimit low = before;
        low.rlim_cur = static_cast<rlim_t>(lowest_free + spare);
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &low), 0);
        try {
            heddle::process_pool procs(1);
            EXPECT_EQ(procs.submit(twice, 21).get(), 42);
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code().value(), EMFILE) << e.what();
        } catch (const heddle::broken_pool&) {
        }
        ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    }
    heddle::process_pool procs(1);
    EXPECT_EQ(procs.submit(twice, 21).get(), 42);
    procs.shutdown();
    EXPECT_FALSE(processes::have_children());
}

// Values that cannot be sent or read

TEST(process_faults, PP03_a_value_that_cannot_be_serialised_fails_its_own_call) {
    heddle::process_pool procs(1);
    for (const fault where :
         {fault::pack_in_parent, fault::unpack_in_worker, fault::pack_in_worker, fault::unpack_in_parent}) {
        EXPECT_THROW(procs.submit(echo, fragile(where, kind::throws)).get(), std::out_of_range)
            << static_cast<int>(where);
        EXPECT_EQ(procs.submit(twice, 21).get(), 42);
    }
    EXPECT_EQ(procs.stats().workers_died, 0u);
    EXPECT_NO_THROW(procs.submit(echo, fragile()).get());
}

TEST(process_faults, a_worker_that_ends_while_it_reads_or_writes_a_value_fails_its_own_call) {
    heddle::process_pool procs(1);
    for (const fault where : {fault::unpack_in_worker, fault::pack_in_worker}) {
        EXPECT_EQ(death_of(procs.submit(echo, fragile(where, kind::exits))).exit_code, 5);
        EXPECT_EQ(death_of(procs.submit(echo, fragile(where, kind::crashes))).signal, SIGKILL);
        EXPECT_EQ(procs.submit(twice, 21).get(), 42);
    }
}

TEST(process_faults, a_result_of_a_map_that_cannot_be_serialised_fails_alone) {
    heddle::process_pool procs(1);
    const std::vector<fragile> items{
        {fault::none, kind::throws}, {fault::pack_in_worker, kind::throws}, {fault::none, kind::throws}};
    const auto results = procs.map([](fragile f) { return f; }, items, {.chunk = 3});
    auto at = results.begin();
    EXPECT_NO_THROW(*at);
    ++at;
    EXPECT_THROW(*at, std::out_of_range);
    ++at;
    EXPECT_NO_THROW(*at);
}

TEST(process_faults, a_worker_killed_while_it_reads_a_large_argument_fails_its_own_call) {
    heddle::process_pool procs(1);
    const pid_t worker = procs.submit(own_pid).get();
    ASSERT_EQ(::kill(worker, SIGSTOP), 0);
    const auto size = [](std::vector<char> v) { return v.size(); };
    const auto call = procs.submit(size, std::vector<char>(8 << 20));
    while (call.status() == heddle::future_status::pending) std::this_thread::yield();
    ASSERT_TRUE(kill_dead(worker));
    try {
        EXPECT_EQ(call.get(), std::size_t{8 << 20}) << "it had not started, so it may be sent to another";
    } catch (const heddle::worker_died& e) {
        EXPECT_EQ(e.pid(), worker);
    }
    EXPECT_EQ(procs.submit(twice, 21).get(), 42);
}
