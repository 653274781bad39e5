// SPDX-License-Identifier: BSL-1.0
// The floor under process_pool_bench.cpp: what the same round trips cost with fork() and pipes alone.
#include <benchmark/benchmark.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cstdlib>

namespace {

void must(bool done) {
    if (!done) std::abort();
}

// A child that adds one to what it reads, until there is no more.
class child {
 public:
    child() {
        int there[2];
        int back[2];
        must(::pipe(there) == 0 && ::pipe(back) == 0);
        pid_ = ::fork();
        must(pid_ >= 0);
        if (pid_ == 0) {
            ::close(there[1]);
            ::close(back[0]);
            int n = 0;
            while (::read(there[0], &n, sizeof n) == sizeof n) {
                ++n;
                if (::write(back[1], &n, sizeof n) != sizeof n) break;
            }
            ::_exit(0);
        }
        ::close(there[0]);
        ::close(back[1]);
        to_ = there[1];
        from_ = back[0];
    }
    ~child() {
        ::close(to_);
        ::close(from_);
        ::waitpid(pid_, nullptr, 0);
    }
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    int ask(int n) const {
        must(::write(to_, &n, sizeof n) == sizeof n);
        must(::read(from_, &n, sizeof n) == sizeof n);
        return n;
    }

 private:
    pid_t pid_;
    int to_;
    int from_;
};

// To be compared with submit_and_get.
void pipe_round_trip(benchmark::State& state) {
    const child c;
    for (auto _ : state) benchmark::DoNotOptimize(c.ask(1));
}
BENCHMARK(pipe_round_trip)->UseRealTime();

// To be compared with fresh_worker_for_each_call.
void fork_ask_and_wait(benchmark::State& state) {
    for (auto _ : state) {
        const child c;
        benchmark::DoNotOptimize(c.ask(1));
    }
}
BENCHMARK(fork_ask_and_wait)->UseRealTime()->Unit(benchmark::kMicrosecond);

}  // namespace
