// SPDX-License-Identifier: BSL-1.0
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>
#include <algorithm>
#include <climits>
#include <cstdio>
#include <heddle/rt/error.hpp>
#include <heddle/rt/thread.hpp>

namespace heddle::inline v0::rt {

namespace {

// libc destroys the values of keys after the thread_local objects of C++ (glibc: __call_tls_dtors() comes
// before __nptl_deallocate_tsd()). In its first pass: the sanitizers and the checker end a thread in the
// last.
const struct end_key {
    pthread_key_t key{};
    bool there = ::pthread_key_create(&key, [](void* value) {
                     auto& what = *static_cast<thread_end*>(value);
                     what.call(what);
                 }) == 0;
} at_end;

}  // namespace

void set_thread_name(const std::string& name) noexcept {
    constexpr std::size_t longest = 15;  // what the kernel keeps
    std::size_t length = name.size() < longest ? name.size() : longest;
    char buffer[longest + 1] = {};
    name.copy(buffer, length);
    ::pthread_setname_np(::pthread_self(), buffer);
}

// By its number: a pthread_t must not be used once the thread has been joined.
void set_thread_name(pid_t native_id, const std::string& name) noexcept {
    char path[64];
    std::snprintf(path, sizeof path, "/proc/self/task/%d/comm", static_cast<int>(native_id));
    const int file = ::open(path, O_WRONLY | O_CLOEXEC);
    if (file < 0) return;
    // The kernel cuts it. That the thread ends in between is none of the caller's concern.
    [[maybe_unused]] const auto written = ::write(file, name.data(), name.size());
    ::close(file);
}

// glibc stores the handle before the new thread runs; afterwards `thread` may be gone.
void start_thread(pthread_t& thread, void* (*body)(void*), void* argument, std::size_t stack_size) {
    pthread_attr_t attributes;
    ::pthread_attr_init(&attributes);
    int error = 0;
    if (stack_size != 0) {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        const auto least = static_cast<std::size_t>(PTHREAD_STACK_MIN);
        error =
            ::pthread_attr_setstacksize(&attributes, (std::max(stack_size, least) + page - 1) / page * page);
    }
    if (error == 0) error = ::pthread_create(&thread, &attributes, body, argument);
    ::pthread_attr_destroy(&attributes);
    if (error != 0) throw_system_error(error, "starting a thread");
}

void join_thread(pthread_t thread) noexcept {
    ::pthread_join(thread, nullptr);
}

bool try_join_thread(pthread_t thread) noexcept {
    return ::pthread_tryjoin_np(thread, nullptr) == 0;
}

bool at_thread_end(thread_end& end) noexcept {
    return at_end.there && ::pthread_setspecific(at_end.key, &end) == 0;
}

void detach_thread(pthread_t thread) noexcept {
    ::pthread_detach(thread);
}

}  // namespace heddle::inline v0::rt
