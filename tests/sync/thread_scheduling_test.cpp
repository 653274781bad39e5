// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/thread_scheduling.hpp>

#include <grp.h>
#include <gtest/gtest.h>
#include <pwd.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <algorithm>
#include <cstdio>
#include <functional>
#include <heddle/sync/event.hpp>
#include <heddle/sync/thread.hpp>
#include <system_error>
#include <thread>

using namespace std::chrono_literals;
using heddle::scheduling_class;
using heddle::thread;
using heddle::thread_options;
using heddle::thread_scheduling;

namespace {

/// A thread that waits until the end of the scope.
class waiting_thread {
 public:
    thread* operator->() { return &thread_; }

    ~waiting_thread() { go_.set(); }

 private:
    heddle::event go_;
    thread thread_{[this] { go_.wait(); }};
};

// A message of one line of what happened to `f`; what it threw is a std::system_error, or something is wrong.
std::string refusal(const std::function<void()>& f) {
    try {
        f();
    } catch (const std::system_error& e) {
        return e.what();
    } catch (const std::exception& e) {
        return std::string("another exception: ") + e.what();
    }
    return "it was allowed";
}

// Runs `f` as the user nobody in a process of its own, without the right to real-time priorities, and gives
// what it printed.
std::string as_nobody(const std::function<std::string()>& f) {
    int ends[2];
    if (::pipe(ends) != 0) return "no pipe";
    const pid_t child = ::fork();
    if (child == 0) {
        const rlimit none{0, 0};
        const passwd* const nobody = ::getpwnam("nobody");
        std::string text;
        if (nobody == nullptr || ::setrlimit(RLIMIT_RTPRIO, &none) != 0 ||
            ::setrlimit(RLIMIT_NICE, &none) != 0 || ::setgroups(0, nullptr) != 0 ||
            ::setgid(nobody->pw_gid) != 0 || ::setuid(nobody->pw_uid) != 0)
            text = "cannot become nobody";
        else
            text = f();
        [[maybe_unused]] const auto n = ::write(ends[1], text.data(), text.size());
        ::_exit(0);
    }
    ::close(ends[1]);
    std::string text;
    char buffer[512];
    for (ssize_t n = 0; (n = ::read(ends[0], buffer, sizeof buffer)) > 0;)
        text.append(buffer, static_cast<std::size_t>(n));
    ::close(ends[0]);
    ::waitpid(child, nullptr, 0);
    return text;
}

bool is_root() {
    return ::geteuid() == 0;
}

#define NEEDS_ROOT()                                                                    \
    if (!is_root())                                                                     \
    GTEST_SKIP() << "needs to be root: only root may give threads priority and become " \
                    "nobody"

// A control group may have no time for real-time threads; then not even root is allowed any.
bool real_time_permitted() {
    const sched_param one{.sched_priority = 1};
    int result = -1;
    std::thread([&] { result = ::sched_setscheduler(0, SCHED_FIFO, &one); }).join();
    return result == 0;
}

#define NEEDS_REAL_TIME()                                                     \
    if (!real_time_permitted())                                               \
    GTEST_SKIP() << "needs real-time threads, which this machine or control " \
                    "group does not allow"

}  // namespace

TEST(thread_scheduling, of_a_new_thread_is_that_of_its_creator) {
    waiting_thread t;
    EXPECT_EQ(t->scheduling(), heddle::current_thread().scheduling());
    EXPECT_EQ(t->cpus(), heddle::current_thread().cpus());
    EXPECT_FALSE(t->cpus().empty());
}

TEST(thread_scheduling, goes_from_class_to_class) {
    NEEDS_ROOT();
    NEEDS_REAL_TIME();
    waiting_thread t;
    for (const auto& how : {thread_scheduling{.kind = scheduling_class::batch, .nice = 3},
                            thread_scheduling{.kind = scheduling_class::idle},
                            thread_scheduling{.kind = scheduling_class::fifo, .priority = 7},
                            thread_scheduling{.kind = scheduling_class::round_robin, .priority = 2},
                            thread_scheduling{.kind = scheduling_class::normal, .nice = -5}}) {
        t->set_scheduling(how);
        auto now = t->scheduling();
        now.runtime = {};  // the kernel tells its default
        EXPECT_EQ(now, how);
    }
}

TEST(thread_scheduling, says_the_priority_of_its_class) {
    NEEDS_ROOT();
    NEEDS_REAL_TIME();
    waiting_thread t;
    t->set_priority(4);
    EXPECT_EQ(t->priority(), 4);
    EXPECT_EQ(t->scheduling().nice, 4);
    t->set_scheduling({.kind = scheduling_class::fifo, .priority = 9});
    EXPECT_EQ(t->priority(), 9);
    t->set_priority(11);
    EXPECT_EQ(t->scheduling().priority, 11);
    t->set_scheduling({.kind = scheduling_class::idle});
    EXPECT_EQ(t->priority(), 0);
    EXPECT_THROW(t->set_priority(1), std::invalid_argument);
}

TEST(thread_scheduling, sets_the_slice_where_the_kernel_knows_one) {
    waiting_thread t;
    const auto before = t->scheduling();
    if (before.runtime.count() == 0)
        GTEST_SKIP() << "this kernel does not tell the slice of a thread (Linux 6.12 does)";
    t->set_scheduling({.kind = before.kind, .nice = before.nice, .runtime = 5ms});
    EXPECT_EQ(t->scheduling().runtime, 5ms);
}

TEST(thread_scheduling, of_the_deadline_class_is_told_back) {
    NEEDS_ROOT();
    waiting_thread t;
    const thread_scheduling how{
        .kind = scheduling_class::deadline, .runtime = 1ms, .due = 10ms, .period = 20ms};
    try {
        t->set_scheduling(how);
    } catch (const std::system_error& e) {
        GTEST_SKIP() << "this machine does not take the class deadline: " << e.what();
    }
    EXPECT_EQ(t->scheduling(), how);
}

TEST(thread_scheduling, that_means_nothing_is_refused_before_the_system_is_asked) {
    waiting_thread t;
    const auto bad = [&](const thread_scheduling& how) {
        EXPECT_THROW(t->set_scheduling(how), std::invalid_argument);
    };
    bad({.kind = scheduling_class::fifo});
    bad({.kind = scheduling_class::fifo, .priority = 100});
    bad({.kind = scheduling_class::normal, .priority = 1});
    bad({.kind = scheduling_class::normal, .nice = 20});
    bad({.kind = scheduling_class::idle, .nice = 1});
    bad({.kind = scheduling_class::deadline});
    bad({.kind = scheduling_class::normal, .period = 1ms});
    bad({.kind = scheduling_class::normal, .runtime = -1ms});
    EXPECT_THROW(t->set_cpus({}), std::invalid_argument);
}

TEST(thread_scheduling, of_a_thread_that_does_not_run_cannot_be_had) {
    thread_options options;
    options.start = false;
    thread t(options, [] {});
    EXPECT_THROW((void)t.scheduling(), heddle::invalid_state);
    EXPECT_THROW(t.set_priority(1), heddle::invalid_state);
    t.start();
    t.join();
    EXPECT_THROW((void)t.cpus(), heddle::invalid_state);
}

TEST(thread_scheduling, keeps_a_thread_on_the_cpus_it_is_given) {
    waiting_thread t;
    const auto all = t->cpus();
    t->set_cpus({all.back()});
    EXPECT_EQ(t->cpus(), std::vector<unsigned>{all.back()});
    const std::string why = refusal([&] { t->set_cpus({1000}); });
    EXPECT_NE(why.find("CPUs 1000"), std::string::npos) << why;
    EXPECT_NE(why.find("none of them is there"), std::string::npos) << why;
}

TEST(thread_scheduling, is_in_force_before_the_function_of_a_thread_runs) {
    thread_options options;
    const auto all = heddle::current_thread().cpus();
    options.cpus = {all.front()};
    options.scheduling = thread_scheduling{.kind = scheduling_class::batch, .nice = 5};
    std::vector<unsigned> cpus;
    thread_scheduling how;
    thread(options, [&] {
        cpus = heddle::current_thread().cpus();
        how = heddle::current_thread().scheduling();
    }).join();
    EXPECT_EQ(cpus, options.cpus);
    EXPECT_EQ(how.kind, scheduling_class::batch);
    EXPECT_EQ(how.nice, 5);
}

TEST(thread_scheduling, that_is_refused_keeps_a_thread_from_starting) {
    bool ran = false;
    thread_options options;
    options.start = false;
    options.cpus = {1000};
    thread t(options, [&] { ran = true; });
    EXPECT_THROW(t.start(), std::system_error);
    EXPECT_EQ(t.state(), heddle::thread_state::created);
    EXPECT_FALSE(ran);
    options.start = true;
    EXPECT_THROW(thread(options, [&] { ran = true; }), std::system_error);
    EXPECT_FALSE(ran);
}

TEST(thread_scheduling, without_the_right_to_it_says_what_would_give_it) {
    NEEDS_ROOT();
    const std::string fifo = as_nobody([] {
        return refusal([] {
            heddle::current_thread().set_scheduling({.kind = scheduling_class::fifo, .priority = 10});
        });
    });
    EXPECT_NE(fifo.find("scheduling class fifo with priority 10"), std::string::npos) << fifo;
    EXPECT_NE(fifo.find("CAP_SYS_NICE, or a limit RLIMIT_RTPRIO of at least 10"), std::string::npos) << fifo;
    EXPECT_NE(fifo.find("Operation not permitted"), std::string::npos) << fifo;

    const std::string nice =
        as_nobody([] { return refusal([] { heddle::current_thread().set_scheduling({.nice = -5}); }); });
    EXPECT_NE(nice.find("CAP_SYS_NICE, or a limit RLIMIT_NICE of at least 25"), std::string::npos) << nice;

    const std::string deadline = as_nobody([] {
        return refusal([] {
            heddle::current_thread().set_scheduling(
                {.kind = scheduling_class::deadline, .runtime = 1ms, .due = 10ms});
        });
    });
    EXPECT_NE(deadline.find("CAP_SYS_NICE"), std::string::npos) << deadline;
}

TEST(thread_scheduling, without_special_rights_can_be_nicer_or_less_urgent) {
    NEEDS_ROOT();
    EXPECT_EQ(as_nobody([] {
                  return refusal([] {
                      auto me = heddle::current_thread();
                      me.set_priority(std::min(me.priority() + 1, 19));
                      heddle::current_thread().set_scheduling({.kind = scheduling_class::idle});
                  });
              }),
              "it was allowed");
}

TEST(thread_scheduling, of_a_new_thread_without_the_right_to_it_is_told_to_its_creator) {
    NEEDS_ROOT();
    const std::string why = as_nobody([] {
        return refusal([] {
            thread_options options;
            options.scheduling = thread_scheduling{.kind = scheduling_class::round_robin, .priority = 1};
            const thread t(options, [] {});
        });
    });
    EXPECT_NE(why.find("RLIMIT_RTPRIO of at least 1"), std::string::npos) << why;
}
