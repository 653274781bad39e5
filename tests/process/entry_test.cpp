// SPDX-License-Identifier: BSL-1.0
// What a program with a pool is like from outside: how it starts, and what is left of it.
#include <heddle/process/entry.hpp>

#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sstream>
#include <string>
#include <vector>

#include "processes.hpp"

using processes::watched;

namespace {

/// The program of program.cpp, in a process group of its own, with its output in a pipe.
class program {
 public:
    explicit program(const char* what, std::vector<std::string> settings = {}) {
        int in[2];
        int out[2];
        if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
        posix_spawn_file_actions_t files;
        ::posix_spawn_file_actions_init(&files);
        ::posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
        ::posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
        posix_spawnattr_t attributes;
        ::posix_spawnattr_init(&attributes);
        ::posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP);
        std::vector<char*> environment;
        for (char** e = environ; *e != nullptr; ++e) environment.push_back(*e);
        for (auto& s : settings) environment.push_back(s.data());
        environment.push_back(nullptr);
        char name[] = HEDDLE_TEST_PROGRAM;
        char* const arguments[] = {name, const_cast<char*>(what), nullptr};
        if (::posix_spawn(&pid_, name, &files, &attributes, arguments, environment.data()) != 0)
            throw std::runtime_error("cannot start the program");
        ::posix_spawnattr_destroy(&attributes);
        ::posix_spawn_file_actions_destroy(&files);
        in_.reset(in[1]);
        out_.reset(out[0]);
        ::close(in[0]);
        ::close(out[1]);
    }
    ~program() {
        if (pid_ == 0) return;
        ::kill(-pid_, SIGKILL);
        wait();
    }
    program(const program&) = delete;
    program& operator=(const program&) = delete;

    pid_t pid() const { return pid_; }
    std::string line() const {
        std::string text;
        char c = 0;
        while (::read(out_.get(), &c, 1) == 1 && c != '\n') text += c;
        return text;
    }
    /// What it prints until nobody is left who could print.
    std::string rest() const {
        std::string text;
        char c = 0;
        while (::read(out_.get(), &c, 1) == 1) text += c;
        return text;
    }
    void end_input() { in_.reset(); }
    int wait() {
        int status = -1;
        ::waitpid(std::exchange(pid_, 0), &status, 0);
        return status;
    }

 private:
    pid_t pid_ = 0;
    heddle::unique_fd in_;
    heddle::unique_fd out_;
};

/// Handles on the processes that the program names in its next line.
std::vector<watched> read_family(const program& p) {
    std::istringstream line(p.line());
    std::vector<watched> family;
    for (pid_t pid = 0; line >> pid;) family.emplace_back(pid);
    return family;
}

void expect_success(program& p) {
    const int status = p.wait();
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace

TEST(entry, a_fork_server_runs_static_initialisation_but_not_main) {
    program p("tell_main", {"HEDDLE_TEST_TELL_START=1"});
    EXPECT_EQ(p.rest(), "static initialisation\nmain\nstatic initialisation\n");
    expect_success(p);
}

TEST(entry, a_program_that_finds_the_variable_by_accident_runs_as_always) {
    for (const char* setting : {"HEDDLE_FORK_SERVER=9", "HEDDLE_FORK_SERVER=0", "HEDDLE_FORK_SERVER="}) {
        program p("ordinary", {setting});
        EXPECT_EQ(p.line(), "main, and the variable is gone") << setting;
        expect_success(p);
    }
}

TEST(entry, a_fork_server_that_is_killed_before_it_serves_is_not_taken_for_a_program_that_cannot) {
    program p("why_there_is_no_pool", {"HEDDLE_TEST_KILL_SERVER=1"});
    EXPECT_EQ(p.rest(),
              "pool 'looms': the fork server was killed by signal 9 (Killed) before it was ready\n");
    expect_success(p);
}

TEST(entry, process_main_returns_in_an_ordinary_process) {
    heddle::process_main();
    SUCCEED();
}

TEST(entry, a_program_that_ends_leaves_nobody_behind) {
    program p("serve");
    const auto family = read_family(p);
    ASSERT_EQ(family.size(), 3u);
    p.end_input();
    expect_success(p);
    for (const auto& process : family) EXPECT_TRUE(process.ended());
}

TEST(entry, a_program_that_is_killed_leaves_nobody_behind) {
    program p("serve");
    const auto family = read_family(p);
    ASSERT_EQ(family.size(), 3u);
    ::kill(p.pid(), SIGKILL);
    for (const auto& process : family) EXPECT_TRUE(process.ended());
    EXPECT_EQ(WTERMSIG(p.wait()), SIGKILL);
}

TEST(entry, an_interrupt_of_the_whole_group_is_left_to_the_parent) {
    program p("interrupted");
    ASSERT_EQ(p.line(), "ready");
    ::kill(-p.pid(), SIGINT);
    expect_success(p);
}

TEST(entry, a_program_without_standard_files_gets_its_results) {
    program p("without_standard_files");
    expect_success(p);
}

TEST(entry, a_program_that_ignores_its_children_gets_its_results) {
    program p("with_children_ignored");
    expect_success(p);
}

TEST(entry, a_program_that_waits_for_any_child_gets_its_results) {
    program p("with_all_children_reaped_by_a_handler");
    expect_success(p);
}
