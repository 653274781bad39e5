// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the benchmarks of locks share: what a lock guards, how it is held, and the peers that are not called
// as the standard library's locks are.

#include <atomic>
#include <cstdint>
#include <mutex>
#include <thread>

#ifdef HEDDLE_BENCH_ABSL
#include <absl/synchronization/mutex.h>
#endif
#ifdef HEDDLE_BENCH_TBB
#include <oneapi/tbb/mutex.h>
#include <oneapi/tbb/queuing_mutex.h>
#include <oneapi/tbb/rw_mutex.h>
#endif

namespace locks {

/// On a line of its own, so that only the lock itself is fought over.
template <class Lock> struct alignas(128) guarded {
    Lock lock;
    alignas(128) long value = 0;
};

// A lock whose queue goes through those who hold it has a type for them.
template <class Lock> struct holder {
    using type = std::lock_guard<Lock>;
};
template <class Lock>
    requires(!requires(Lock& l) { l.lock(); })
struct holder<Lock> {
    using type = typename Lock::scoped_lock;
};
/// Holds the lock that it is made of, for as long as it lives.
template <class Lock> using held = typename holder<Lock>::type;

/// glibc's mutex leaves out the atomic operations in a process that has never had a second thread.
[[maybe_unused]] inline const bool had_a_second_thread = (std::thread([] {}).join(), true);

/// What a lock cannot do without.
struct compare_and_exchange {
    void lock() {
        std::uint32_t free = 0;
        word.compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed);
    }
    void unlock() { word.exchange(0, std::memory_order_release); }
    std::atomic<std::uint32_t> word{0};
};

#ifdef HEDDLE_BENCH_ABSL
struct absl_mutex {
    void lock() ABSL_NO_THREAD_SAFETY_ANALYSIS { m.Lock(); }
    void unlock() ABSL_NO_THREAD_SAFETY_ANALYSIS { m.Unlock(); }
    void lock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { m.ReaderLock(); }
    void unlock_shared() ABSL_NO_THREAD_SAFETY_ANALYSIS { m.ReaderUnlock(); }
    absl::Mutex m;
};
#endif

}  // namespace locks
