// SPDX-License-Identifier: BSL-1.0
// Queues: items from producers to consumers that block where they have to, next to those of oneTBB, Boost and
// moodycamel (C. Desrochers), and a std::deque under a lock; and handing one item there and back. The rate is
// that of items.
#include <benchmark/benchmark.h>
#include <atomic>
#include <condition_variable>
#include <deque>
#include <heddle/sync/lifo_queue.hpp>
#include <heddle/sync/priority_queue.hpp>
#include <heddle/sync/queue.hpp>
#include <heddle/sync/spsc_queue.hpp>
#include <mutex>
#include <thread>
#include <type_traits>
#include <vector>
#if __has_include(<boost/lockfree/queue.hpp>)
#include <boost/lockfree/queue.hpp>
#include <boost/lockfree/spsc_queue.hpp>
#endif
#if __has_include(<concurrentqueue/blockingconcurrentqueue.h>)
#define HEDDLE_BENCH_MOODYCAMEL
#include <concurrentqueue/blockingconcurrentqueue.h>
#include <readerwriterqueue/readerwritercircularbuffer.h>
#endif
#ifdef HEDDLE_BENCH_TBB
#include <tbb/concurrent_queue.h>
#endif

namespace {

constexpr std::size_t depth = 65536;
constexpr std::size_t no_limit = 0;

/// The queue `Q` of heddle as the others are called.
template <template <class> class Q, std::size_t Capacity> class of_heddle {
 public:
    void put(long i) { benchmark::DoNotOptimize(queue_.put(i)); }
    long get() { return *queue_.get(); }

 private:
    Q<long> queue_{Capacity == no_limit ? heddle::unbounded : Capacity};
};
template <class T> using by_priority = heddle::priority_queue<T>;

template <std::size_t Capacity> class deque_with_lock {
 public:
    void put(long i) {
        std::unique_lock guard(lock_);
        if (Capacity != no_limit) room_.wait(guard, [&] { return items_.size() < Capacity; });
        items_.push_back(i);
        guard.unlock();
        item_.notify_one();
    }
    long get() {
        std::unique_lock guard(lock_);
        item_.wait(guard, [&] { return !items_.empty(); });
        const long i = items_.front();
        items_.pop_front();
        guard.unlock();
        if (Capacity != no_limit) room_.notify_one();
        return i;
    }

 private:
    std::mutex lock_;
    std::condition_variable item_;
    std::condition_variable room_;
    std::deque<long> items_;
};

/// A peer's queue by the calls that block, if it has any; otherwise whoever is refused tries again.
template <class Queue> class of_peer {
 public:
    template <class... Args> explicit of_peer(Args... args) : queue_(args...) {}
    void put(long i) {
        if constexpr (requires { queue_.wait_enqueue(i); })
            queue_.wait_enqueue(i);
        else if constexpr (requires { queue_.enqueue(i); })
            queue_.enqueue(i);
        else if constexpr (std::is_void_v<decltype(queue_.push(i))>)
            queue_.push(i);
        else
            until([&] { return queue_.push(i); });
    }
    long get() {
        long i = 0;
        if constexpr (requires { queue_.wait_dequeue(i); })
            queue_.wait_dequeue(i);
        else if constexpr (requires { queue_.try_dequeue(i); })
            until([&] { return queue_.try_dequeue(i); });
        else if constexpr (!requires { queue_.pop(i); })
            until([&] { return queue_.try_pop(i); });
        else if constexpr (std::is_void_v<decltype(queue_.pop(i))>)
            queue_.pop(i);
        else
            until([&] { return queue_.pop(i); });
        return i;
    }

 protected:
    Queue queue_;

 private:
    template <class Try> static void until(Try done) {
        while (!done()) std::this_thread::yield();
    }
};

#ifdef HEDDLE_BENCH_TBB
struct tbb_bounded : of_peer<tbb::concurrent_bounded_queue<long>> {
    tbb_bounded() { queue_.set_capacity(depth); }
};
using tbb_unbounded = of_peer<tbb::concurrent_queue<long>>;
#endif

#if __has_include(<boost/lockfree/queue.hpp>)
// A `queue` has at most 65534 items.
using boost_lockfree = of_peer<boost::lockfree::queue<long, boost::lockfree::capacity<depth - 2>>>;
using boost_spsc = of_peer<boost::lockfree::spsc_queue<long, boost::lockfree::capacity<depth>>>;
#endif

#ifdef HEDDLE_BENCH_MOODYCAMEL
// Unbounded; in the order of one producer, not of all.
using moodycamel_blocking = of_peer<moodycamel::BlockingConcurrentQueue<long>>;
using moodycamel_queue = of_peer<moodycamel::ConcurrentQueue<long>>;
struct moodycamel_spsc : of_peer<moodycamel::BlockingReaderWriterCircularBuffer<long>> {
    moodycamel_spsc() : of_peer(depth) {}
};
#endif

// As many consumers as producers; each passes its share of the items. A queue is made for each iteration.
template <class Queue> void throughput(benchmark::State& state) {
    const long pairs = state.range(0);
    constexpr long items = 2'000'000;
    const long share = items / pairs;
    for (auto _ : state) {
        Queue q;
        std::vector<std::thread> group;
        for (long t = 0; t < pairs; ++t) {
            group.emplace_back([&q, share] {
                for (long i = 0; i < share; ++i) q.put(i);
            });
            group.emplace_back([&q, share] {
                long sum = 0;
                for (long i = 0; i < share; ++i) sum += q.get();
                benchmark::DoNotOptimize(sum);
            });
        }
        for (auto& t : group) t.join();
    }
    state.SetItemsProcessed(state.iterations() * items);
}
#define THROUGHPUT(...) BENCHMARK(throughput<__VA_ARGS__>)->Arg(1)->Arg(2)->UseRealTime()
THROUGHPUT(of_heddle<heddle::queue, depth>);
THROUGHPUT(deque_with_lock<depth>);
#ifdef HEDDLE_BENCH_TBB
THROUGHPUT(tbb_bounded);
#endif
#if __has_include(<boost/lockfree/queue.hpp>)
THROUGHPUT(boost_lockfree);
#endif
THROUGHPUT(of_heddle<heddle::queue, no_limit>);
THROUGHPUT(deque_with_lock<no_limit>);
#ifdef HEDDLE_BENCH_TBB
THROUGHPUT(tbb_unbounded);
#endif
#ifdef HEDDLE_BENCH_MOODYCAMEL
THROUGHPUT(moodycamel_blocking);
THROUGHPUT(moodycamel_queue);
BENCHMARK(throughput<moodycamel_spsc>)->Arg(1)->UseRealTime();
#endif
BENCHMARK(throughput<of_heddle<heddle::spsc_queue, depth>>)->Arg(1)->UseRealTime();
#if __has_include(<boost/lockfree/queue.hpp>)
BENCHMARK(throughput<boost_spsc>)->Arg(1)->UseRealTime();
#endif
THROUGHPUT(of_heddle<heddle::lifo_queue, depth>);
THROUGHPUT(of_heddle<by_priority, depth>);

template <class Queue> void put_and_get(benchmark::State& state) {
    Queue q;
    for (auto _ : state) {
        q.put(1);
        benchmark::DoNotOptimize(q.get());
    }
}
BENCHMARK(put_and_get<of_heddle<heddle::queue, depth>>);
BENCHMARK(put_and_get<of_heddle<heddle::queue, no_limit>>);
BENCHMARK(put_and_get<of_heddle<heddle::lifo_queue, depth>>);
BENCHMARK(put_and_get<of_heddle<by_priority, depth>>);
BENCHMARK(put_and_get<deque_with_lock<depth>>);

// There and back: two hand-overs.
template <class Queue> void ping_pong_threads(benchmark::State& state) {
    Queue there;
    Queue back;
    std::thread other([&] {
        while (there.get() == 1) back.put(1);
    });
    for (auto _ : state) {
        there.put(1);
        back.get();
    }
    there.put(0);
    other.join();
}
BENCHMARK(ping_pong_threads<of_heddle<heddle::queue, 1>>)->UseRealTime();
BENCHMARK(ping_pong_threads<deque_with_lock<1>>)->UseRealTime();

}  // namespace
