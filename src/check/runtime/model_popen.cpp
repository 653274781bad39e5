// SPDX-License-Identifier: BSL-1.0
// Commands at the other end of a pipe. libc's pclose would wait with all threads, for a process that only libc
// knows; so who is at the other end is known here.

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "arena.hpp"
#include "engine.hpp"
#include "model_process.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<FILE*(const char*, const char*)> real_popen("popen");
HEDDLE_REAL real_function<int(FILE*)> real_pclose("pclose");

struct command {
    FILE* file;  // null: free
    pid_t pid;
};
alignas(page_size) constinit command commands[256]{};

command* find(const FILE* file) noexcept {
    for (command& c : commands)
        if (c.file == file) return &c;
    return nullptr;
}

// @return -1 with errno set
pid_t spawn_shell(const char* text, int its_end, bool it_reads) noexcept {
    char shell[] = "sh";
    char option[] = "-c";
    char* const arguments[] = {shell, option, const_cast<char*>(text), nullptr};
    posix_spawn_file_actions_t actions;
    ::posix_spawn_file_actions_init(&actions);
    ::posix_spawn_file_actions_adddup2(&actions, its_end, it_reads ? STDIN_FILENO : STDOUT_FILENO);
    pid_t pid = -1;
    const int error = spawn_uncontrolled(&pid, "/bin/sh", &actions, arguments);
    ::posix_spawn_file_actions_destroy(&actions);
    if (error == 0) return pid;
    errno = error;
    return -1;
}

FILE* start_command(command& c, const char* text, const char* mode) noexcept {
    const bool it_reads = *mode == 'w';
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) return nullptr;
    const int ours = pipe[it_reads ? 1 : 0];
    const int its = pipe[it_reads ? 0 : 1];
    FILE* const file = ::fdopen(ours, it_reads ? "w" : "r");
    const pid_t pid = file != nullptr ? spawn_shell(text, its, it_reads) : -1;
    const int error = errno;
    ::close(its);
    if (pid > 0) {
        if (::strchr(mode, 'e') == nullptr) ::fcntl(ours, F_SETFD, 0);
        // One that was closed by fclose() instead: nobody asks for its status any more.
        if (command* const before = find(file)) before->file = nullptr;
        c = {file, pid};
        return file;
    }
    if (file != nullptr)
        ::fclose(file);
    else
        ::close(ours);
    errno = error;
    return nullptr;
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED FILE* popen(const char* text, const char* mode) {
    note_process();
    command* const c = controlled() != nullptr && (*mode == 'r' || *mode == 'w') ? find(nullptr) : nullptr;
    return c != nullptr ? start_command(*c, text, mode) : real_popen(text, mode);
}

HEDDLE_INTERPOSED int pclose(FILE* file) {
    thread* const me = controlled();
    command* const c = me != nullptr ? find(file) : nullptr;
    if (c == nullptr) return real_pclose(file);
    const pid_t pid = c->pid;
    c->file = nullptr;
    ::fclose(file);
    return wait_for_child(*me, pid, HEDDLE_RETURN_ADDRESS);
}
