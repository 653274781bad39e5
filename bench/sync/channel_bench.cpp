// SPDX-License-Identifier: BSL-1.0
// Channels, select and locals: what a send and receive cost alone, from thread to thread, and through a
// select.
#include <benchmark/benchmark.h>
#include <heddle/sync/channel.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/local.hpp>
#include <heddle/sync/select.hpp>
#include <heddle/sync/thread.hpp>

namespace {

using heddle::channel;
constexpr auto ignore = [](auto&&...) {};

void channel_alone(benchmark::State& state) {
    auto [out, in] = channel<long>(64);
    for (auto _ : state) {
        benchmark::DoNotOptimize(out.send(1));
        benchmark::DoNotOptimize(in.receive());
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(channel_alone);

// Items from one thread to another, by the capacity of the channel; 0 is a rendezvous.
void channel_between_threads(benchmark::State& state) {
    auto [out, in] = channel<long>(static_cast<std::size_t>(state.range(0)));
    heddle::thread taker([i = std::move(in)]() mutable {
        for (const long item : i) benchmark::DoNotOptimize(item);
    });
    for (auto _ : state) benchmark::DoNotOptimize(out.send(1));
    out.reset();
    taker.join();
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(channel_between_threads)->Arg(0)->Arg(1)->Arg(64)->Arg(65536)->UseRealTime();

void select_of_what_is_ready(benchmark::State& state) {
    auto [out_a, in_a] = channel<long>(4);
    auto [out_b, in_b] = channel<long>(4);
    for (auto _ : state) {
        benchmark::DoNotOptimize(out_b.send(1));
        benchmark::DoNotOptimize(
            heddle::select(heddle::on_receive(in_a, ignore), heddle::on_receive(in_b, ignore)));
    }
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(select_of_what_is_ready);

// The other thread sends by turns through two rendezvous, between which a select waits.
void select_between_threads(benchmark::State& state) {
    auto [out_a, in_a] = channel<long>(0);
    auto [out_b, in_b] = channel<long>(0);
    heddle::thread giver([a = std::move(out_a), b = std::move(out_b)]() mutable {
        while (a.send(1) && b.send(2)) {
        }
    });
    for (auto _ : state)
        benchmark::DoNotOptimize(
            heddle::select(heddle::on_receive(in_a, ignore), heddle::on_receive(in_b, ignore)));
    in_a.reset();
    in_b.reset();
    giver.join();
    state.SetItemsProcessed(state.iterations());
}
BENCHMARK(select_between_threads)->UseRealTime();

void local_get(benchmark::State& state) {
    heddle::local<long> l;
    for (auto _ : state) benchmark::DoNotOptimize(++*l);
}
BENCHMARK(local_get);

void thread_start_and_join(benchmark::State& state) {
    for (auto _ : state) heddle::thread([] {}).join();
}
BENCHMARK(thread_start_and_join)->UseRealTime();

}  // namespace
