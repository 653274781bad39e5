// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/fair_mutex.hpp>
#include <heddle/sync/lock_all.hpp>
#include <heddle/sync/monitor.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/priority_mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>
#include <heddle/sync/shared_mutex.hpp>
#include <memory>
#include <mutex>
#include <shared_mutex>

#include "scenario.hpp"

namespace heddle::inline v0::detail {

struct shared_mutex_probe {
    // As readers that collide do.
    static void bias(shared_mutex& m) { m.state_.fetch_or(shared_mutex::biased | shared_mutex::slots); }
};

}  // namespace heddle::inline v0::detail

namespace {

using namespace heddle;
using checked::at_once;
using std::chrono::milliseconds;

template <class Lock> void count_under(Lock& lock) {
    int value = 0;
    const auto add = [&] {
        const std::lock_guard hold(lock);
        ++value;
    };
    at_once({add, add, add});
    check::require(value == 3);
}

SCENARIO(mutex_of_three) {
    mutex lock;
    count_under(lock);
}

SCENARIO(fair_mutex_of_three) {
    fair_mutex lock;
    count_under(lock);
}

SCENARIO(priority_mutex_goes_to_the_most_urgent) {
    priority_mutex lock;
    std::vector<int> order;
    const auto use = [&](int urgent) {
        lock.lock(lock_priority{urgent});
        order.push_back(urgent);
        lock.unlock();
    };
    lock.lock();
    std::thread low([&] { use(1); });
    checked::until_parked(&lock, 1);
    std::thread high([&] { use(1000); });
    checked::until_parked(&lock, 2);
    lock.unlock();
    low.join();
    high.join();
    check::require(order[0] == 1000);
}

SCENARIO(lock_all_in_two_orders) {
    mutex a;
    fair_mutex b;
    int value = 0;
    at_once({[&] {
                 const auto hold = lock_all(a, b);
                 ++value;
             },
             [&] {
                 const auto hold = lock_all(b, a);
                 ++value;
             }});
    check::require(value == 2);
}

SCENARIO(recursive_mutex_with_a_condition) {
    recursive_mutex lock;
    condition changed(lock);
    bool open = false;
    at_once({[&] {
                 lock.lock();
                 lock.lock();
                 changed.wait([&] { return open; });
                 lock.unlock();
                 lock.unlock();
             },
             [&] {
                 const std::lock_guard hold(lock);
                 open = true;
                 changed.notify_all();
             }});
}

SCENARIO(shared_mutex_writer_that_gives_up) {
    shared_mutex lock;
    lock.lock_shared();
    lock.lock_shared();
    at_once({[&] {
                 if (lock.try_lock_for(milliseconds(1))) lock.unlock();
             },
             [&] { const std::shared_lock hold(lock); }, [&] { lock.unlock_shared(); }});
    lock.unlock_shared();
    check::require(lock.try_lock());
    lock.unlock();
}

void two_readers_and_a_writer(shared_mutex& lock) {
    int value = 0;
    const auto read = [&] {
        const std::shared_lock hold(lock);
        check::require(value == 0 || value == 1);
    };
    at_once({read, read, [&] {
                 const std::lock_guard hold(lock);
                 ++value;
             }});
}

SCENARIO(shared_mutex_of_two_readers_and_a_writer) {
    shared_mutex lock;
    two_readers_and_a_writer(lock);
}

SCENARIO(shared_mutex_of_readers_with_slots_and_a_writer) {
    shared_mutex lock;
    detail::shared_mutex_probe::bias(lock);
    two_readers_and_a_writer(lock);
}

// Who is let in may destroy the lock: who leaves does not touch it any more.
SCENARIO(shared_mutex_that_goes_with_the_writer) {
    auto lock = std::make_unique<shared_mutex>();
    detail::shared_mutex_probe::bias(*lock);
    lock->lock_shared();
    at_once({[raw = lock.get()] { raw->unlock_shared(); },
             [&] {
                 lock->lock();
                 lock->unlock();
                 lock.reset();
             }});
}

SCENARIO(condition_announces_one) {
    mutex lock;
    condition changed(lock);
    bool open = false;
    at_once({[&] {
                 const std::lock_guard hold(lock);
                 changed.wait([&] { return open; });
             },
             [&] {
                 const std::lock_guard hold(lock);
                 open = true;
                 changed.notify_one();
             }});
}

SCENARIO(condition_with_one_who_times_out) {
    mutex lock;
    condition changed(lock);
    event both_in;
    int in = 0;
    bool limited_was_told = false;
    std::thread limited([&] {
        const std::lock_guard hold(lock);
        if (++in == 2) both_in.set();
        limited_was_told = changed.wait_for(milliseconds(1));
    });
    std::thread patient([&] {
        const std::lock_guard hold(lock);
        if (++in == 2) both_in.set();
        changed.wait();
    });
    both_in.wait();
    {
        const std::lock_guard hold(lock);
        changed.notify(1);
    }
    limited.join();
    if (limited_was_told) {
        const std::lock_guard hold(lock);
        changed.notify(1);
    }
    patient.join();
}

SCENARIO(monitor_with_two_states) {
    monitor<int> level;
    int taken = 0;
    const auto take = [&](int n) {
        level.when([n](int value) { return value >= n; }).with([&, n](int& value) {
            value -= n;
            taken += n;
        });
    };
    at_once({[&] { take(2); },
             [&] {
                 take(1);
                 // Only now can the other go on, who perhaps came first.
                 level.with([](int& value) { value += 2; });
             },
             [&] { level.with([](int& value) { ++value; }); }});
    check::require(taken == 3);
}

}  // namespace
