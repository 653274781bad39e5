// SPDX-License-Identifier: BSL-1.0
// The way in: between static initialisation and main, a program that `heddle check` has started becomes a
// server that forks a process for each schedule.

#include <stdlib.h>
#include "engine.hpp"
#include "real.hpp"
#include "server.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

using main_function = int (*)(int, char**, char**);

constinit main_function program_main = nullptr;
HEDDLE_REAL real_function<int(main_function, int, char**, void (*)(), void (*)(), void (*)(), void*)>
    real_start("__libc_start_main");

int serve_then_main(int argc, char** argv, char** environment) {
    serve_schedules();
    // libc would end the process by a way of its own; this one is seen.
    ::exit(program_main(argc, argv, environment));
}

}  // namespace

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED int __libc_start_main(main_function main, int argc, char** argv, void (*init)(),
                                        void (*fini)(), void (*rtld_fini)(), void* stack_end) {
    program_main = main;
    return real_start(&serve_then_main, argc, argv, init, fini, rtld_fini, stack_end);
}
