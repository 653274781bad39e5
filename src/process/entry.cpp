// SPDX-License-Identifier: BSL-1.0
#include "fork_server.hpp"

#include <dlfcn.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <heddle/process/entry.hpp>
#include "rt/process_wide.hpp"

namespace heddle::inline v0 {

// Whether a copy of this program will come by process_main(): before main(), or because main() calls it.
static constinit auto& serves = rt::detail::the_process.serves;

bool program_serves() noexcept {
    return serves;
}

void process_main() {
    serves = true;
    const char* const value = ::getenv(fork_server_variable);
    if (value == nullptr) return;
    const int control = std::atoi(value);
    ::unsetenv(fork_server_variable);
    // Somebody may have set the variable by hand: without the socket this is an ordinary process.
    int type = 0;
    socklen_t length = sizeof type;
    if (::getsockopt(control, SOL_SOCKET, SO_TYPE, &type, &length) != 0 || type != SOCK_SEQPACKET) return;
    serve_forks(control);
}

}  // namespace heddle::inline v0

// The hook. The startup code of every program calls __libc_start_main with the address of main(); this
// definition comes before libc's, passes another function, and lets libc do the rest. libc calls that
// function after static initialisation, which is when a worker may run anything. Weak, for programs that are
// linked statically: there libc's own definition is in the same link, and must win.
namespace {

using main_function = int (*)(int, char**, char**);
using start_function = int (*)(main_function, int, char**, void (*)(), void (*)(), void (*)(), void*);

constinit main_function users_main = nullptr;

// main() may be declared with fewer parameters than it is called with; the startup code does the same.
#if defined(__clang__)
[[clang::no_sanitize("function")]]
#endif
int serve_or_main(int argc, char** argv, char** environment) {
    heddle::process_main();
    return users_main(argc, argv, environment);
}

}  // namespace

extern "C" HEDDLE_API [[gnu::weak]] int __libc_start_main(main_function main, int argc, char** argv,
                                                          void (*init)(), void (*fini)(), void (*rtld_fini)(),
                                                          void* stack_end) {
    const auto real = reinterpret_cast<start_function>(::dlsym(RTLD_NEXT, "__libc_start_main"));
    if (real == nullptr) {
        std::fputs("heddle: cannot find __libc_start_main of libc; link libc dynamically\n", stderr);
        ::_exit(127);
    }
    users_main = main;
    heddle::serves = true;
    return real(&serve_or_main, argc, argv, init, fini, rtld_fini, stack_end);
}
