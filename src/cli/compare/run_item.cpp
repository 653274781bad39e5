// SPDX-License-Identifier: BSL-1.0
#include "item.hpp"

#include <unistd.h>
#include <heddle/io/sleep.hpp>
#include <heddle/rt/clock.hpp>

namespace heddle::inline v0::cli {

namespace {

class stopwatch {
 public:
    span stop() const {
        return {start_, rt::clock::now().time_since_epoch().count(), rt::thread_cpu_time().count() - cpu_,
                ::gettid()};
    }

 private:
    std::int64_t start_ = rt::clock::now().time_since_epoch().count();
    std::int64_t cpu_ = rt::thread_cpu_time().count();
};

// Those that never wait; false for the others.
bool compute(const item& i, partial_answer& a) {
    switch (i.kind) {
        case work_kind::words:
            count_words(i, a);
            return true;
        case work_kind::hash:
            hash_files(i, a);
            return true;
        case work_kind::primes:
            count_primes(i, a);
            return true;
        case work_kind::squares:
            sum_squares(i, a);
            return true;
        case work_kind::sleep:
        case work_kind::fetch:
            break;
    }
    return false;
}

}  // namespace

item_result run_item(const item& i) {
    const stopwatch watch;
    item_result r;
    if (!compute(i, r.answer))
        i.kind == work_kind::sleep ? sleep_blocking(i, r.answer) : fetch_blocking(i, r.answer);
    r.when = watch.stop();
    return r;
}

task<item_result> run_item_async(const item& i) {
    co_await yield();  // so that others get their turn between two items that only compute
    const stopwatch watch;
    item_result r;
    if (compute(i, r.answer)) {
        r.when = watch.stop();
        co_return r;
    }
    if (i.kind == work_kind::sleep)
        co_await sleep_async(i, r.answer);
    else
        co_await fetch_async(i, r.answer);
    r.when = watch.stop();
    // The thread's CPU time went to all coroutines that ran meanwhile; of this one only the order of
    // magnitude is known, and it is nothing.
    r.when.cpu = 0;
    co_return r;
}

}  // namespace heddle::inline v0::cli
