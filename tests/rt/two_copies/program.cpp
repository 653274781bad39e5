// SPDX-License-Identifier: BSL-1.0
// Two shared objects that each carry a copy of heddle, in one process: what waits in one is woken in the
// other. Built in several ways, see ../CMakeLists.txt; run as: program [local|global LIBRARY LIBRARY]
#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>
#include "copy.hpp"

extern "C" const copy copy_a, copy_b;  // where the program is LINKED with them
extern "C" const copy copy_own;        // where the program HAS_A_COPY too

namespace {

int failures = 0;

void expect(bool right, const char* what) {
    if (right) return;
    std::printf("not so: %s\n", what);
    ++failures;
}

[[maybe_unused]] const copy& load(const char* path, const char* name, int mode) {
    void* const library = ::dlopen(path, RTLD_NOW | mode);
    void* const found = library != nullptr ? ::dlsym(library, name) : nullptr;
    if (found == nullptr) {
        std::printf("cannot load: %s\n", ::dlerror());
        std::exit(1);
    }
    return *static_cast<const copy*>(found);
}

// The second of the pair does what the first is waiting for.
struct pair {
    const copy* waits;
    const copy* wakes;
    int word = 0;

    void until_parked() const {
        while (wakes->parked(&word) != 1) std::this_thread::yield();
    }
};

void check(const copy& a, const copy& b) {
    pair p{&a, &b};

    std::thread parked(
        [&] { expect(a.park(&p.word), "a thread that parks in one copy is woken by the other"); });
    p.until_parked();
    b.unpark(&p.word);
    parked.join();

    expect(a.current_task() == b.current_task(), "a thread is one task");
    std::thread([&] { expect(b.current_task() == a.current_task(), "another thread is one task"); }).join();
    const void* made = nullptr;
    const void* seen = nullptr;
    a.as_a_task(b.current_task, &made, &seen);
    expect(made == seen, "the task that one copy runs is current in the other");
    const auto id = a.new_task_id();
    expect(b.new_task_id() == id + 1, "no two tasks have one id");

    int reported = 0;
    a.count_reports(&reported);
    b.report();
    expect(reported == 1, "there is one exception hook");

    alignas(4) char lock[4] = {};
    a.lock_word(lock);
    const pid_t child = ::fork();
    if (child == 0) ::_exit(b.try_word(lock) && !a.try_word(lock) ? 0 : 1);
    int status = 0;
    expect(::waitpid(child, &status, 0) == child && status == 0,
           "a lock that one copy held in the parent is free for the other in a child");
    a.unlock_word(lock);

    std::uint32_t first = 0;
    std::uint32_t second = 0;
    a.name(&first, "first");
    b.name(&second, "second");
    expect(std::strcmp(b.read(&first), "first") == 0 && std::strcmp(a.read(&second), "second") == 0,
           "the name of a lock is the same in the other copy");
    b.forget(&first);
    a.forget(&second);

    // Zeros are a shared_mutex that nobody holds.
    alignas(64) char readers[64] = {};
    a.bias(readers);
    expect(a.try_lock_shared(readers), "a shared lock is free at first");
    expect(!b.try_lock(readers), "a reader of one copy keeps a writer of the other out");
    b.unlock_shared(readers);
    expect(b.try_lock(readers), "a reader that has left through the other copy is gone");

    // Were the fiber not known to the other copy, it would block the thread, and nobody would wake it.
    a.on_a_fiber(
        [](void* x) {
            auto& q = *static_cast<pair*>(x);
            expect(q.wakes->park(&q.word), "a fiber of one copy that parks in the other frees its worker");
        },
        [](void* x) { static_cast<pair*>(x)->waits->unpark(&static_cast<pair*>(x)->word); }, &p);

    std::thread waker([&] {
        p.until_parked();
        b.unpark(&p.word);
    });
    expect(a.run(b.make_task(&p.word)) == 42, "a loop of one copy runs the coroutines of the other");
    waker.join();
}

}  // namespace

int main(int argc, char** argv) {
#if defined(LINKED)
    const copy& a = copy_a;
    const copy& b = copy_b;
    (void)argc;
    (void)argv;
#else
    // In the environment, because a fork server is started without arguments.
    const char* const names[] = {"COPIES_MODE", "COPIES_A", "COPIES_B"};
    for (int i = 0; i < 3 && argc == 4; ++i) ::setenv(names[i], argv[i + 1], 1);
    if (std::getenv(names[2]) == nullptr) return 2;
    const int mode = std::strcmp(std::getenv(names[0]), "global") == 0 ? RTLD_GLOBAL : RTLD_LOCAL;
    const copy& a = load(std::getenv(names[1]), "copy_a", mode);
    const copy& b = load(std::getenv(names[2]), "copy_b", mode);
    if (mode == RTLD_LOCAL) expect(a.code() != b.code(), "each has code of its own (or this tests nothing)");
#endif
    a.process_main();
    expect(a.has_processes(), "a pool of processes knows that the program serves");
    expect(b.has_processes(), "a pool of the other copy knows that the program serves");
    check(a, b);
    check(b, a);
#if defined(HAS_A_COPY)
    check(copy_own, a);
    check(b, copy_own);
#endif
    if (failures == 0) std::puts("one of everything");
    return failures;
}
