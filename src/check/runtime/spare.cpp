// SPDX-License-Identifier: BSL-1.0
#include "spare.hpp"

#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "real.hpp"
#include "switch.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)> real_create(
    "pthread_create");

struct spare {
    kernel_thread where;
    pthread_t handle;
    thread* runs;
};

constinit spare spares[max_spares]{};
constinit unsigned made = 0;
constinit unsigned taken = max_spares;  // none, except in a copy that has them
using body = void* (*)(thread&);
constinit body run_thread = nullptr;

void* wait_and_run(void* p) {
    spare& me = *static_cast<spare*>(p);
    park_kernel_thread(me.where);
    return run_thread(*me.runs);
}

}  // namespace

void prepare_spares(void* (*run)(thread&)) noexcept {
    run_thread = run;
}

void make_spares(unsigned n) noexcept {
    while (made < n && made < max_spares) {
        spare& s = spares[made];
        if (real_create(&s.handle, nullptr, &wait_and_run, &s) != 0) break;
        wait_until_parked(s.where);
        ++made;
    }
}

pid_t fork_with_spares() noexcept {
    // Where libc keeps the number of the calling thread: it is another one in the copy.
    std::int32_t* number = nullptr;
    const bool known = ::prctl(PR_GET_TID_ADDRESS, &number) == 0 && number != nullptr;
    const long flags = SIGCHLD | (known ? CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID : 0);
    const long pid = system_call(SYS_clone, flags, 0, 0, static_cast<long>(bits(number)));
    if (pid == 0) taken = 0;
    return static_cast<pid_t>(pid);
}

bool take_spare(thread& t, const pthread_attr_t* attributes) noexcept {
    if (taken >= made || attributes != nullptr) return false;
    spare& s = spares[taken++];
    s.runs = &t;
    t.kernel = s.where;
    t.handle = s.handle;
    t.spare = true;
    return true;
}

}  // namespace heddle::inline v0::check::runtime
