// SPDX-License-Identifier: BSL-1.0
// How many schedules of a program of two threads are tried in a second, on one CPU: beside the floor, which is a process
// that starts and joins a thread, with nobody in control of it.
#include <benchmark/benchmark.h>
#include <pthread.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>
#include <heddle/check/explore.hpp>
#include <mutex>
#include <thread>

namespace {

// Wakes of other CPUs are not what is measured.
void stay_on_one_cpu() {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(static_cast<unsigned>(::sched_getcpu()), &set);
    if (::sched_setaffinity(0, sizeof set, &set) != 0) std::abort();
}

template <class Child> void fork_each(benchmark::State& state, Child child) {
    stay_on_one_cpu();
    for (auto _ : state) {
        const pid_t pid = ::fork();
        if (pid < 0) std::abort();
        if (pid == 0) {
            child();
            ::_exit(0);
        }
        int status = 0;
        if (::waitpid(pid, &status, 0) != pid || status != 0) std::abort();
    }
    state.SetItemsProcessed(state.iterations());
}

void floor_process(benchmark::State& state) {
    fork_each(state, [] {});
}
BENCHMARK(floor_process)->UseRealTime();

void floor_process_and_thread(benchmark::State& state) {
    fork_each(state, [] {
        pthread_t t;
        if (::pthread_create(&t, nullptr, [](void* p) { return p; }, nullptr) != 0) std::abort();
        ::pthread_join(t, nullptr);
    });
}
BENCHMARK(floor_process_and_thread)->UseRealTime();

void two_threads_lock_three_times() {
    std::mutex lock;
    int n = 0;
    const auto work = [&] {
        for (int i = 0; i < 3; ++i) {
            const std::lock_guard hold(lock);
            ++n;
        }
    };
    std::thread other(work);
    work();
    other.join();
    heddle::check::require(n == 6);
}

void schedules(benchmark::State& state) {
    stay_on_one_cpu();
    std::uint64_t seed = 0;
    std::uint64_t tried = 0;
    for (auto _ : state) {
        const auto report = heddle::check::explore(two_threads_lock_three_times,
                                                   {.schedules = 1000,
                                                    .how = heddle::check::strategy::random_walk,
                                                    .seed = ++seed});
        if (!report.ok()) std::abort();
        tried += report.schedules;
    }
    state.SetItemsProcessed(static_cast<std::int64_t>(tried));
}
BENCHMARK(schedules)->UseRealTime()->Unit(benchmark::kMillisecond);

}  // namespace
