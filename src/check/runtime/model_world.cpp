// SPDX-License-Identifier: BSL-1.0
// What else of the world would make two runs differ: random numbers, and the identity and number of CPUs.

#include <pthread.h>
#include <sched.h>
#include <sys/random.h>
#include <unistd.h>
#include <cstring>
#include "engine.hpp"
#include "random.hpp"
#include "real.hpp"

namespace heddle::inline v0::check::runtime {

namespace {

HEDDLE_REAL real_function<ssize_t(void*, size_t, unsigned)> real_getrandom("getrandom");
HEDDLE_REAL real_function<int(void*, size_t)> real_getentropy("getentropy");
HEDDLE_REAL real_function<pid_t()> real_gettid("gettid");
HEDDLE_REAL real_function<int()> real_getcpu("sched_getcpu");
HEDDLE_REAL real_function<int(pthread_t, const char*)> real_setname("pthread_setname_np");
HEDDLE_REAL real_function<int(pthread_t, char*, size_t)> real_getname("pthread_getname_np");
HEDDLE_REAL real_function<int(pthread_t, size_t, const cpu_set_t*)> real_setaffinity(
    "pthread_setaffinity_np");
HEDDLE_REAL real_function<int(pid_t, size_t, const cpu_set_t*)> real_sched_setaffinity("sched_setaffinity");
HEDDLE_REAL real_function<int(pid_t, size_t, cpu_set_t*)> real_sched_getaffinity("sched_getaffinity");
HEDDLE_REAL real_function<int()> real_get_nprocs("get_nprocs");
HEDDLE_REAL real_function<long(int)> real_sysconf("sysconf");
HEDDLE_REAL real_function<unsigned(void*)> real_random_device("_ZNSt13random_device9_M_getvalEv");

// A sequence of its own, so that what the program draws does not change the order of its threads.
std::uint64_t next_for_program() noexcept {
    static std::uint64_t state = 0x853C49E6748FEA9Bu;
    state += 0x9E3779B97F4A7C15u;
    std::uint64_t z = state;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

thread* find_thread(pthread_t handle) noexcept {
    thread* found = nullptr;
    for_each_thread([&](thread& t) {
        if (::pthread_equal(t.handle, handle) != 0) found = &t;
    });
    return found;
}

std::uint32_t workers() noexcept {
    return engine.shared->orders.workers;
}

}  // namespace

void fill_with_random(void* begin, std::size_t size) noexcept {
    unsigned char* out = static_cast<unsigned char*>(begin);
    for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<unsigned char>(next_for_program() >> 32);
}

}  // namespace heddle::inline v0::check::runtime

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED ssize_t getrandom(void* out, size_t size, unsigned flags) {
    if (controlled() == nullptr) return real_getrandom(out, size, flags);
    fill_with_random(out, size);
    return static_cast<ssize_t>(size);
}

HEDDLE_INTERPOSED int getentropy(void* out, size_t size) {
    if (controlled() == nullptr) return real_getentropy(out, size);
    fill_with_random(out, size);
    return 0;
}

HEDDLE_INTERPOSED unsigned heddle_check_random_device(void* self) __asm__("_ZNSt13random_device9_M_getvalEv");
HEDDLE_INTERPOSED unsigned heddle_check_random_device(void* self) {
    if (controlled() == nullptr) return real_random_device(self);
    unsigned value = 0;
    fill_with_random(&value, sizeof value);
    return value;
}

HEDDLE_INTERPOSED pid_t gettid() noexcept {
    const thread* const me = controlled();
    return me == nullptr ? real_gettid() : me->kernel.tid;
}

HEDDLE_INTERPOSED int sched_getcpu() noexcept {
    return controlled() == nullptr ? real_getcpu() : 0;
}

HEDDLE_INTERPOSED int pthread_setname_np(pthread_t handle, const char* name) noexcept {
    if (controlled() == nullptr) return real_setname(handle, name);
    if (const thread* const t = find_thread(handle)) {
        thread_record& record = engine.shared->threads[t->number];
        std::strncpy(record.name, name, sizeof record.name - 1);
    }
    return 0;
}

HEDDLE_INTERPOSED int pthread_getname_np(pthread_t handle, char* name, size_t size) noexcept {
    if (controlled() == nullptr) return real_getname(handle, name, size);
    const thread* const t = find_thread(handle);
    std::strncpy(name, t != nullptr ? engine.shared->threads[t->number].name : "", size);
    return 0;
}

// Where a thread runs is not up to it while the engine decides who runs.
HEDDLE_INTERPOSED int pthread_setaffinity_np(pthread_t handle, size_t size, const cpu_set_t* set) noexcept {
    return controlled() == nullptr ? real_setaffinity(handle, size, set) : 0;
}

HEDDLE_INTERPOSED int sched_setaffinity(pid_t pid, size_t size, const cpu_set_t* set) noexcept {
    return controlled() == nullptr ? real_sched_setaffinity(pid, size, set) : 0;
}

HEDDLE_INTERPOSED int sched_getaffinity(pid_t pid, size_t size, cpu_set_t* set) noexcept {
    if (controlled() == nullptr) return real_sched_getaffinity(pid, size, set);
    CPU_ZERO_S(size, set);
    // The process is pinned to one CPU; the program is told what it would have been told.
    for (std::uint32_t i = 0; i < workers(); ++i) CPU_SET_S(i, size, set);
    return 0;
}

HEDDLE_INTERPOSED int get_nprocs() noexcept {
    return controlled() == nullptr ? real_get_nprocs() : static_cast<int>(workers());
}

HEDDLE_INTERPOSED long sysconf(int name) noexcept {
    if (controlled() != nullptr && (name == _SC_NPROCESSORS_ONLN || name == _SC_NPROCESSORS_CONF))
        return workers();
    return real_sysconf(name);
}
