// SPDX-License-Identifier: BSL-1.0
#include "spare.hpp"

#include <sys/mman.h>
#include "real.hpp"
#include "switch.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<int(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*)> real_create(
    "pthread_create");

using body = void* (*)(thread&);

struct spare {
    kernel_thread where;
    pthread_t handle;
    thread* runs;
};

constinit spare spares[max_spares]{};
constinit unsigned made = 0;
constinit unsigned taken = max_spares;  // none, except in a copy that has them
constinit body run_thread = nullptr;

void* wait_and_run(void* p) {
    spare& me = *static_cast<spare*>(p);
    park_kernel_thread(me.where);
    return run_thread(*me.runs);
}

// With a stack that libc does not know: the stacks of its own making, except that of the thread that forks,
// are free for new threads in the copy.
bool create_on_own_stack(spare& s) noexcept {
    pthread_attr_t attributes;
    std::size_t size = 0;
    std::size_t guard = 0;
    if (::pthread_getattr_default_np(&attributes) != 0) return false;
    ::pthread_attr_getstacksize(&attributes, &size);
    ::pthread_attr_getguardsize(&attributes, &guard);
    void* const memory = ::mmap(nullptr, guard + size, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
    const bool mapped = memory != MAP_FAILED && ::mprotect(memory, guard, PROT_NONE) == 0;
    const bool created =
        mapped && ::pthread_attr_setstack(&attributes, static_cast<char*>(memory) + guard, size) == 0 &&
        real_create(&s.handle, &attributes, &wait_and_run, &s) == 0;
    ::pthread_attr_destroy(&attributes);
    if (!created && memory != MAP_FAILED) ::munmap(memory, guard + size);
    return created;
}

}  // namespace

void prepare_spares(void* (*run)(thread&)) noexcept {
    run_thread = run;
}

void make_spares(unsigned n) noexcept {
    while (made < n && made < max_spares) {
        spare& s = spares[made];
        if (!create_on_own_stack(s)) break;
        wait_until_parked(s.where);
        ++made;
    }
}

unsigned spares_made() noexcept {
    return made;
}

void use_spares() noexcept {
    taken = 0;
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
