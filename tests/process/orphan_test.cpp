// SPDX-License-Identifier: BSL-1.0
// What becomes of a pool's processes when the process that owns it is killed while calls run: a worker that
// is in a call does not look at its socket, so it must not depend on that.
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <atomic>
#include <cerrno>
#include <cstdlib>
#include <fstream>
#include <heddle/process/process_pool.hpp>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gate.hpp"
#include "processes.hpp"

using processes::gate;
using processes::watched;

namespace {

// Each of these tests runs in two processes: the one that ctest starts, which looks on, and a second one of
// the same program and the same test, which finds this variable, has the pool, and is killed.
constexpr const char* place_of_gate = "HEDDLE_TEST_ORPHAN_GATE";

/// This program again, in the running test.
class second_self {
 public:
    explicit second_self(const gate& g) {
        const auto* const test = ::testing::UnitTest::GetInstance()->current_test_info();
        std::string filter = std::string("--gtest_filter=") + test->test_suite_name() + "." + test->name();
        std::string setting = place_of_gate;
        setting += "=" + g.name();
        std::string brief = "--gtest_brief=1";
        std::vector<char*> environment;
        for (char** e = environ; *e != nullptr; ++e)
            // The second one is no shard and writes no report.
            if (std::string(*e).rfind("GTEST_", 0) != 0) environment.push_back(*e);
        environment.push_back(setting.data());
        environment.push_back(nullptr);
        char* const arguments[] = {program_invocation_name, filter.data(), brief.data(), nullptr};
        if (::posix_spawn(&pid_, "/proc/self/exe", nullptr, nullptr, arguments, environment.data()) != 0)
            throw std::runtime_error("cannot start this program again");
    }
    ~second_self() {
        if (pid_ != 0) kill();
    }
    second_self(const second_self&) = delete;
    second_self& operator=(const second_self&) = delete;

    /// @return whether it lived until then
    bool kill() {
        ::kill(pid_, SIGKILL);
        int status = 0;
        ::waitpid(std::exchange(pid_, 0), &status, 0);
        return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
    }

 private:
    pid_t pid_ = 0;
};

pid_t parent_of(pid_t pid) {
    std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
    std::string stat;
    std::getline(file, stat);
    // pid (name) state parent …, and a name may contain anything.
    const auto behind_name = stat.rfind(") ");
    return behind_name == std::string::npos ? 0 : std::atoi(stat.c_str() + behind_name + 4);
}

void say_it_at(const std::string& name) {
    const pid_t self = ::getpid();
    const int arrived = ::open((name + "arrived").c_str(), O_WRONLY | O_CLOEXEC);
    if (::write(arrived, &self, sizeof self) != sizeof self) ::_exit(1);
    ::close(arrived);
}

int wait_for_ever(std::string name) {
    return gate::pass(name);  // which nobody opens
}

int burn_for_ever(std::string name) {
    say_it_at(name);
    for (std::atomic<unsigned> turns{0};;) ++turns;
}

int refuse_to_end(std::string name) {
    for (const int n : {SIGTERM, SIGHUP, SIGINT, SIGPIPE}) ::signal(n, SIG_IGN);
    return gate::pass(name);
}

int wait_with_a_pool_of_its_own(std::string name) {
    heddle::process_pool inner(1);
    return inner.submit(wait_for_ever, std::move(name)).get();
}

// The second process: two calls that do not end, and more that wait for them.
void run_pool(int (*call)(std::string), const char* gate_name) {
    heddle::process_pool procs(2);
    std::vector<heddle::future<int>> calls;
    for (int i = 0; i < 10; ++i) calls.push_back(procs.submit(call, std::string(gate_name)));
    calls.front().wait();
}

// The first process: waits until both calls run, kills the second process, and watches its family go.
// `generations` is how many servers there are between a call and that process.
void expect_nobody_is_left(int (*call)(std::string), int generations = 1) {
    if (const char* const gate_name = ::getenv(place_of_gate)) return run_pool(call, gate_name);
    const gate g;
    second_self program(g);
    std::vector<watched> family;
    for (int i = 0; i < 2; ++i) {
        pid_t member = g.wait_for_arrival();
        ASSERT_GT(member, 0);
        family.emplace_back(member);
        for (int n = 0; n < 2 * generations - 1;
             ++n) {  // the server, the worker whose pool it is, its server …
            member = parent_of(member);
            ASSERT_GT(member, 1);
            ASSERT_NE(member, ::getpid());
            family.emplace_back(member);
        }
    }
    ASSERT_TRUE(program.kill()) << "it ended by itself";
    for (const auto& process : family) EXPECT_TRUE(process.ended());
}

}  // namespace

TEST(orphan, calls_that_block_end_with_the_process_that_made_them) {
    expect_nobody_is_left(wait_for_ever);
}

TEST(orphan, calls_that_compute_end_with_the_process_that_made_them) {
    expect_nobody_is_left(burn_for_ever);
}

TEST(orphan, calls_that_ignore_signals_end_with_the_process_that_made_them) {
    expect_nobody_is_left(refuse_to_end);
}

TEST(orphan, calls_of_a_pool_inside_a_worker_end_with_the_outermost_process) {
    expect_nobody_is_left(wait_with_a_pool_of_its_own, 2);
}

TEST(orphan, a_worker_that_is_killed_takes_the_pool_inside_it_along) {
    const gate g;
    heddle::process_pool procs(1);
    const auto call = procs.submit(wait_with_a_pool_of_its_own, g.name());
    const pid_t innermost = g.wait_for_arrival();
    const pid_t inner_server = parent_of(innermost);
    const watched worker_inside(innermost);
    const watched server_inside(inner_server);
    ASSERT_EQ(::kill(parent_of(inner_server), SIGKILL), 0);
    EXPECT_THROW(call.get(), heddle::worker_died);
    EXPECT_TRUE(server_inside.ended());
    EXPECT_TRUE(worker_inside.ended());
}
