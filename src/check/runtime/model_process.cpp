// SPDX-License-Identifier: BSL-1.0
// Other processes. They run uncontrolled: the program's own child is a copy with one thread, in which every
// function is libc's again. Waiting for one is a wait like any other, during which other threads run.

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cancellation.hpp"
#include "model_process.hpp"
#include "model_signal.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<pid_t()> real_fork("fork");
HEDDLE_REAL real_function<int(const char*)> real_system("system");
HEDDLE_REAL real_function<int(pid_t*, const char*, const posix_spawn_file_actions_t*,
                              const posix_spawnattr_t*, char* const*, char* const*)>
    real_spawn("posix_spawn");
HEDDLE_REAL real_function<int(pid_t*, const char*, const posix_spawn_file_actions_t*,
                              const posix_spawnattr_t*, char* const*, char* const*)>
    real_spawnp("posix_spawnp");
HEDDLE_REAL real_function<pid_t(int*)> real_wait("wait");
HEDDLE_REAL real_function<pid_t(pid_t, int*, int)> real_waitpid("waitpid");
HEDDLE_REAL real_function<pid_t(pid_t, int*, int, rusage*)> real_wait4("wait4");
HEDDLE_REAL real_function<int(idtype_t, id_t, siginfo_t*, int)> real_waitid("waitid");

// What a thread waits for is on its stack while it waits.
struct awaited {
    idtype_t type;
    id_t id;
    int events;
};

awaited awaited_by(pid_t pid, int options) noexcept {
    const int events = WEXITED | (options & (WSTOPPED | WCONTINUED));
    if (pid > 0) return {P_PID, static_cast<id_t>(pid), events};
    if (pid == -1) return {P_ALL, 0, events};
    return {P_PGID, static_cast<id_t>(pid == 0 ? ::getpgrp() : -pid), events};
}

// Also where there is nothing to wait for: libc says what is wrong.
bool process_ended(const thread& t) noexcept {
    const awaited& a = *reinterpret_cast<const awaited*>(t.pending.value);
    siginfo_t info{};
    const long error = system_call(SYS_waitid, a.type, static_cast<long>(a.id), reinterpret_cast<long>(&info),
                                   a.events | WNOHANG | WNOWAIT);
    return error != 0 || info.si_pid != 0;
}

// @return false if a signal's handler has been called instead.
bool wait_for_process(thread& me, const awaited& a, const void* pc) {
    leave_if_cancelled(me);
    begin_interruptible(me, pc);
    const turn t = take_turn(me, {.what = action::process_wait,
                                  .writes = false,
                                  .cancellable = true,
                                  .interrupted_by_signals = interruption::unless_restarted,
                                  .global = true,
                                  .pc = pc,
                                  .ready = &process_ended,
                                  .value = bits(&a)});
    leave_if_cancelled(me);
    if (t == turn::interrupted) errno = EINTR;
    return t != turn::interrupted;
}

pid_t fork_uncontrolled() {
    note_process();
    const thread& me = *controlled();
    const pid_t pid = real_fork();
    if (pid == 0) {
        leave_signals_to_kernel(me);
        current_thread = nullptr;
        engine.on = false;
    }
    return pid;
}

}  // namespace

void note_process() noexcept {
    if (controlled() != nullptr) engine.shared->outcome.unmodelled |= unmodelled_process;
}

int spawn_uncontrolled(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                       char* const* arguments) noexcept {
    return real_spawn(pid, path, actions, nullptr, arguments, environ);
}

int wait_for_child(thread& me, pid_t pid, const void* pc) {
    while (!wait_for_process(me, {P_PID, static_cast<id_t>(pid), WEXITED}, pc)) {
    }
    int status = -1;
    return real_waitpid(pid, &status, 0) == pid ? status : -1;
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED pid_t fork() {
    return controlled() == nullptr ? real_fork() : fork_uncontrolled();
}

// A child that borrowed this process's memory would go on as the thread that is controlled. It gets a copy,
// and as with the real one the parent goes on once the child has ended or become another program: then its
// end of the pipe closes.
HEDDLE_INTERPOSED pid_t vfork() noexcept {
    if (controlled() == nullptr) return real_fork();
    int pipe[2];
    if (::pipe2(pipe, O_CLOEXEC) != 0) return -1;
    const pid_t pid = fork_uncontrolled();
    if (pid == 0) {
        ::close(pipe[0]);
        return 0;
    }
    const int error = errno;
    ::close(pipe[1]);
    char nothing = 0;
    if (pid > 0)
        while (system_call(SYS_read, pipe[0], reinterpret_cast<long>(&nothing), 1) == -EINTR) {
        }
    ::close(pipe[0]);
    errno = error;
    return pid;
}

HEDDLE_INTERPOSED int posix_spawn(pid_t* pid, const char* path, const posix_spawn_file_actions_t* actions,
                                  const posix_spawnattr_t* attributes, char* const* arguments,
                                  char* const* environment) {
    note_process();
    return real_spawn(pid, path, actions, attributes, arguments, environment);
}

HEDDLE_INTERPOSED int posix_spawnp(pid_t* pid, const char* file, const posix_spawn_file_actions_t* actions,
                                   const posix_spawnattr_t* attributes, char* const* arguments,
                                   char* const* environment) {
    note_process();
    return real_spawnp(pid, file, actions, attributes, arguments, environment);
}

// libc's would keep all threads from running until the command has ended.
HEDDLE_INTERPOSED int system(const char* command) {
    thread* const me = controlled();
    if (me == nullptr || command == nullptr) return real_system(command);
    note_process();
    char shell[] = "sh";
    char option[] = "-c";
    char* const arguments[] = {shell, option, const_cast<char*>(command), nullptr};
    pid_t pid = 0;
    // As if the shell had not been found.
    if (spawn_uncontrolled(&pid, "/bin/sh", nullptr, arguments) != 0) return 127 << 8;
    return wait_for_child(*me, pid, HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED pid_t wait(int* status) {
    thread* const me = controlled();
    if (me != nullptr && !wait_for_process(*me, awaited_by(-1, 0), HEDDLE_RETURN_ADDRESS)) return -1;
    return real_wait(status);
}

HEDDLE_INTERPOSED pid_t waitpid(pid_t pid, int* status, int options) {
    thread* const me = controlled();
    if (me != nullptr && (options & WNOHANG) == 0 &&
        !wait_for_process(*me, awaited_by(pid, options), HEDDLE_RETURN_ADDRESS))
        return -1;
    return real_waitpid(pid, status, options);
}

HEDDLE_INTERPOSED pid_t wait4(pid_t pid, int* status, int options, rusage* usage) {
    thread* const me = controlled();
    if (me != nullptr && (options & WNOHANG) == 0 &&
        !wait_for_process(*me, awaited_by(pid, options), HEDDLE_RETURN_ADDRESS))
        return -1;
    return real_wait4(pid, status, options, usage);
}

HEDDLE_INTERPOSED int waitid(idtype_t type, id_t id, siginfo_t* info, int options) {
    thread* const me = controlled();
    if (me != nullptr && (options & WNOHANG) == 0 &&
        !wait_for_process(*me, {type, id, options & (WEXITED | WSTOPPED | WCONTINUED)},
                          HEDDLE_RETURN_ADDRESS))
        return -1;
    return real_waitid(type, id, info, options);
}
