// SPDX-License-Identifier: BSL-1.0
#pragma once

// The pools that are compared: each is made of so many workers, and runs what is posted to it from outside.

#include <cstddef>
#include <cstdint>
#include <heddle/task/thread_pool.hpp>

#ifdef HEDDLE_BENCH_ASIO
#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>
#endif
#ifdef HEDDLE_BENCH_TBB
#include <tbb/global_control.h>
#include <tbb/task_arena.h>
#endif

namespace pools {

class of_heddle {
 public:
    explicit of_heddle(std::int64_t workers) : pool_(static_cast<unsigned>(workers)) {}
    template <class F> void post(F f) { pool_.post(f); }

 private:
    heddle::thread_pool pool_;
};
#ifdef HEDDLE_BENCH_TBB
/// An arena without a place for the calling thread: its tasks are run by others. That thread counts, though,
/// where oneTBB limits how many there are, which by default are as many as CPUs.
class of_tbb {
 public:
    explicit of_tbb(std::int64_t workers)
        : limit_(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(workers + 1)),
          arena_(static_cast<int>(workers), 0) {}
    template <class F> void post(F f) { arena_.enqueue(f); }

 private:
    tbb::global_control limit_;
    tbb::task_arena arena_;
};
#endif
#ifdef HEDDLE_BENCH_ASIO
class of_asio {
 public:
    explicit of_asio(std::int64_t workers) : pool_(static_cast<std::size_t>(workers)) {}
    template <class F> void post(F f) { boost::asio::post(pool_, f); }

 private:
    boost::asio::thread_pool pool_;
};
#endif

}  // namespace pools
