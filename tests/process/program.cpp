// SPDX-License-Identifier: BSL-1.0
// A program with a process_pool, for tests that look at one from outside. Its first argument says what it
// does; it exits with 0 if all went as it should.
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <heddle/process/process_pool.hpp>
#include <heddle/rt/error.hpp>
#include <string_view>

namespace {

[[maybe_unused]] const bool told = [] {
    if (::getenv("HEDDLE_TEST_TELL_START") != nullptr) {
        std::puts("static initialisation");
        std::fflush(stdout);
    }
    if (::getenv("HEDDLE_TEST_KILL_SERVER") != nullptr && ::getenv("HEDDLE_FORK_SERVER") != nullptr)
        ::raise(SIGKILL);
    return true;
}();

int twice(int n) {
    return 2 * n;
}

// Says who belongs to the pool, and waits until its input ends.
int serve() {
    heddle::process_pool procs(2);
    const int server = procs.submit(&::getppid).get();
    while (procs.pids().size() < 2) procs.submit(twice, 1).get();
    std::printf("%d", server);
    for (const pid_t p : procs.pids()) std::printf(" %d", p);
    std::printf("\n");
    std::fflush(stdout);
    char byte = 0;
    while (::read(STDIN_FILENO, &byte, 1) > 0) {
    }
    return 0;
}

int tell_main() {
    std::puts("main");
    std::fflush(stdout);
    heddle::process_pool procs(1);
    return procs.submit(twice, 21).get() == 42 ? 0 : 1;
}

int why_there_is_no_pool() {
    try {
        heddle::process_pool procs({.workers = 1, .name = "looms"});
        return 1;
    } catch (const heddle::broken_pool& e) {
        std::puts(e.what());
        return 0;
    }
}

int ordinary() {
    const bool gone = ::getenv("HEDDLE_FORK_SERVER") == nullptr;
    std::puts(gone ? "main, and the variable is gone" : "main, and the variable is there");
    heddle::process_pool procs(1);
    return procs.submit(twice, 21).get() == 42 ? 0 : 1;
}

// A daemon may have none of the first three files; a call that prints must not print into one of heddle's.
int without_standard_files() {
    for (const int fd : {0, 1, 2}) ::close(fd);
    heddle::process_pool procs(1);
    const auto noisy = [](int n) {
        for (int i = 0; i < 1000; ++i) {
            std::printf("noise on the loom\n");
            std::fprintf(stderr, "noise on the loom\n");
        }
        std::fflush(stdout);
        return n;
    };
    for (int i = 0; i < 5; ++i)
        if (procs.submit(noisy, i).get() != i) return 1;
    return 0;
}

int calls_and_deaths() {
    heddle::process_pool procs(1);
    if (procs.submit(twice, 21).get() != 42) return 1;
    try {
        procs.submit([] { ::_exit(3); }).get();
        return 2;
    } catch (const heddle::worker_died& e) {
        if (e.exit_code() != 3) return 3;
    }
    const int server = procs.submit(&::getppid).get();
    try {
        procs.submit([](int s) { return ::kill(s, SIGKILL) + ::pause(); }, server).get();
        return 4;
    } catch (const heddle::worker_died&) {
    }
    return procs.submit(twice, 4).get() == 8 ? 0 : 5;
}

int with_children_ignored() {
    std::signal(SIGCHLD, SIG_IGN);
    return calls_and_deaths();
}

int with_all_children_reaped_by_a_handler() {
    struct sigaction action {};
    action.sa_handler = [](int) {
        const int error = errno;
        while (::waitpid(-1, nullptr, WNOHANG) > 0) {
        }
        errno = error;
    };
    ::sigaction(SIGCHLD, &action, nullptr);
    return calls_and_deaths();
}

// The whole process group gets the interrupt; only the parent decides what it means.
int interrupted() {
    sigset_t interrupts;
    ::sigemptyset(&interrupts);
    ::sigaddset(&interrupts, SIGINT);
    ::sigprocmask(SIG_BLOCK, &interrupts, nullptr);
    heddle::process_pool procs(1);
    const pid_t worker = procs.submit(&::getpid).get();
    std::puts("ready");
    std::fflush(stdout);
    int signal = 0;
    ::sigwait(&interrupts, &signal);
    return procs.submit(&::getpid).get() == worker ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
    const std::string_view what = argc > 1 ? argv[1] : "";
    if (what == "serve") return serve();
    if (what == "tell_main") return tell_main();
    if (what == "why_there_is_no_pool") return why_there_is_no_pool();
    if (what == "ordinary") return ordinary();
    if (what == "without_standard_files") return without_standard_files();
    if (what == "with_children_ignored") return with_children_ignored();
    if (what == "with_all_children_reaped_by_a_handler") return with_all_children_reaped_by_a_handler();
    if (what == "interrupted") return interrupted();
    return 64;
}
