// SPDX-License-Identifier: BSL-1.0
// What a pool leaves alone and what it leaves behind: files, children, signals.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <csignal>
#include <filesystem>
#include <heddle/process/process_pool.hpp>
#include <heddle/rt/clock.hpp>
#include <map>
#include <string>
#include <vector>

#include "gate.hpp"
#include "processes.hpp"

#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define HEDDLE_TEST_TSAN 1
#endif
#elif defined(__SANITIZE_THREAD__)
#define HEDDLE_TEST_TSAN 1
#endif
#if !defined(HEDDLE_TEST_TSAN)
#define HEDDLE_TEST_TSAN 0
#endif

namespace {

int twice(int n) {
    return 2 * n;
}

// What a worker has open, by number.
std::map<int, std::string> files_of_worker() {
    std::map<int, std::string> files;
    for (int fd = 0; fd < 1024; ++fd) {
        std::string target(256, '\0');
        const auto n =
            ::readlink(("/proc/self/fd/" + std::to_string(fd)).c_str(), target.data(), target.size());
        if (n > 0) files[fd] = target.substr(0, static_cast<std::size_t>(n));
    }
    return files;
}

struct signal_state {
    bool mask_is_empty;
    bool interrupt_is_ignored;
    bool others_are_default;
};

signal_state signals_of_worker() {
    signal_state s{true, false, true};
    sigset_t mask;
    ::sigprocmask(SIG_SETMASK, nullptr, &mask);
    for (int n = 1; n < SIGRTMIN; ++n)
        if (::sigismember(&mask, n) == 1) s.mask_is_empty = false;
    const auto action_of = [](int n) {
        struct sigaction action {};
        ::sigaction(n, nullptr, &action);
        return action.sa_handler;
    };
    s.interrupt_is_ignored = action_of(SIGINT) == SIG_IGN;
    for (const int n : {SIGTERM, SIGCHLD, SIGHUP, SIGUSR1, SIGALRM})
        if (action_of(n) != SIG_DFL) s.others_are_default = false;
    return s;
}

std::chrono::microseconds cpu_time(int who) {
    rusage u{};
    ::getrusage(who, &u);
    return std::chrono::seconds(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
           std::chrono::microseconds(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

}  // namespace

TEST(process_hygiene, fifty_pools_leave_no_file_and_no_child) {
    heddle::process_pool(1).submit(twice, 1).get();  // what is opened once for all is open now
    const auto before = processes::open_files();
    for (int i = 0; i < 50; ++i) {
        heddle::process_pool procs(2);
        ASSERT_EQ(procs.submit(twice, i).get(), 2 * i);
    }
    EXPECT_EQ(processes::open_files(), before);
    EXPECT_FALSE(processes::have_children());
}

TEST(process_hygiene, a_pool_that_is_never_used_leaves_no_file_and_no_child) {
    { heddle::process_pool first(1); }
    const auto before = processes::open_files();
    for (int i = 0; i < 20; ++i) heddle::process_pool idle(3);
    EXPECT_EQ(processes::open_files(), before);
    EXPECT_FALSE(processes::have_children());
}

TEST(process_hygiene, dead_workers_leave_no_file) {
    heddle::process_pool procs(1);
    procs.submit(twice, 1).get();
    const auto before = processes::open_files();
    for (int i = 0; i < 20; ++i) EXPECT_THROW(procs.submit([] { ::_exit(1); }).get(), heddle::worker_died);
    procs.submit(twice, 1).get();
    EXPECT_EQ(processes::open_files(), before);
}

TEST(process_hygiene, a_server_killed_at_the_end_leaves_no_file_and_no_child) {
    { heddle::process_pool first(1); }
    const auto before = processes::open_files();
    for (int i = 0; i < 20; ++i) {
        heddle::process_pool procs(2);
        const pid_t server = procs.submit(&::getppid).get();
        ::kill(server, SIGKILL);
    }
    EXPECT_EQ(processes::open_files(), before);
    EXPECT_FALSE(processes::have_children());
}

TEST(process_hygiene, a_worker_has_no_file_that_was_not_meant_for_it) {
    const int leaky = ::open("/dev/zero", O_RDONLY);  // without O_CLOEXEC, as old code opens files
    const int high = ::fcntl(leaky, F_DUPFD, 200);
    heddle::process_pool other(2);
    other.submit(twice, 1).get();
    heddle::process_pool procs(3);
    procs.submit(twice, 1).get();
    const auto files = procs.submit(files_of_worker).get();
    ::close(leaky);
    ::close(high);
    EXPECT_EQ(files.at(0), "/dev/null");
    std::size_t others = 0;
    for (const auto& [fd, target] : files) {
        if (fd <= 2) continue;
        ++others;
        EXPECT_EQ(target.rfind("socket:", 0), 0u) << fd << " is " << target;
    }
    EXPECT_EQ(others, 1u) << "its own way to the parent, and no more";
}

TEST(process_hygiene, a_worker_starts_with_default_signals_but_for_the_interrupt) {
    sigset_t blocked;
    sigset_t before;
    ::sigemptyset(&blocked);
    for (const int n : {SIGTERM, SIGUSR1, SIGCHLD}) ::sigaddset(&blocked, n);
    ::sigprocmask(SIG_BLOCK, &blocked, &before);
    const auto hangup = std::signal(SIGHUP, SIG_IGN);
    const auto child = std::signal(SIGCHLD, SIG_IGN);
    {
        heddle::process_pool procs(1);
        const auto s = procs.submit(signals_of_worker).get();
        EXPECT_TRUE(s.mask_is_empty);
        EXPECT_TRUE(s.interrupt_is_ignored);
        EXPECT_TRUE(s.others_are_default);
    }
    std::signal(SIGHUP, hangup);
    std::signal(SIGCHLD, child);
    ::sigprocmask(SIG_SETMASK, &before, nullptr);
}

TEST(process_hygiene, a_worker_has_one_thread) {
    heddle::process_pool procs(1);
    const auto threads = [] {
        return std::distance(std::filesystem::directory_iterator("/proc/self/task"), {});
    };
#if HEDDLE_TEST_TSAN
    GTEST_SKIP() << "ThreadSanitizer has a thread of its own";
#endif
    EXPECT_EQ(procs.submit(threads).get(), 1);
}

TEST(process_hygiene, the_users_handler_for_dead_children_stays_and_is_not_called_for_workers) {
    static volatile sig_atomic_t calls;
    calls = 0;
    struct sigaction mine {};
    mine.sa_handler = [](int) { calls = calls + 1; };
    struct sigaction before {};
    ::sigaction(SIGCHLD, &mine, &before);
    {
        heddle::process_pool procs(1);
        EXPECT_THROW(procs.submit([] { ::_exit(1); }).get(), heddle::worker_died);
        procs.submit(twice, 1).get();
        EXPECT_EQ(calls, 0);
        struct sigaction now {};
        ::sigaction(SIGCHLD, nullptr, &now);
        EXPECT_EQ(now.sa_handler, mine.sa_handler);
    }
    ::sigaction(SIGCHLD, &before, nullptr);
}

TEST(process_hygiene, the_users_own_children_are_the_users) {
    const pid_t mine = ::fork();
    if (mine == 0) ::_exit(7);
    {
        heddle::process_pool procs(2);
        EXPECT_THROW(procs.submit([] { ::_exit(1); }).get(), heddle::worker_died);
    }
    int status = 0;
    ASSERT_EQ(::waitpid(mine, &status, 0), mine);
    EXPECT_EQ(WEXITSTATUS(status), 7);
}

TEST(process_hygiene, the_time_of_workers_counts_as_that_of_children) {
    const auto before = cpu_time(RUSAGE_CHILDREN);
    constexpr std::chrono::milliseconds work{30};
    const auto burn = [](std::chrono::milliseconds t) {
        while (cpu_time(RUSAGE_SELF) < t) {
        }
    };
    {
        heddle::process_pool procs(1);
        procs.submit(burn, work).get();
    }
    EXPECT_GE(cpu_time(RUSAGE_CHILDREN) - before, work);
}

TEST(process_hygiene, a_forked_child_is_told_that_the_pool_is_not_its_own) {
    heddle::process_pool procs(1);
    EXPECT_EQ(procs.submit(twice, 21).get(), 42);
    const pid_t child = ::fork();
    if (child == 0) {
        int said = 1;
        try {
            procs.submit(twice, 1);
        } catch (const heddle::invalid_state&) {
            said = 0;
        } catch (...) {
        }
        ::_exit(said);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(procs.submit(twice, 4).get(), 8);
}

TEST(process_hygiene, a_forked_child_can_let_go_of_the_pool_and_have_its_own) {
    auto procs = std::make_unique<heddle::process_pool>(1);
    procs->submit(twice, 21).get();
    const pid_t worker = procs->submit(&::getpid).get();
#if HEDDLE_TEST_TSAN
    GTEST_SKIP() << "ThreadSanitizer does not let the child of a program with threads start one";
#endif
    const pid_t child = ::fork();
    if (child == 0) {
        procs.reset();
        heddle::process_pool own(1);
        ::_exit(own.submit(twice, 21).get() == 42 ? 0 : 1);
    }
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
    EXPECT_EQ(procs->submit(&::getpid).get(), worker) << "the parent's pool is as it was";
}
