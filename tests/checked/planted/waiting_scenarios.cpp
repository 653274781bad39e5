// SPDX-License-Identifier: BSL-1.0
#include <atomic>
#include <heddle/sync/barrier.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/once.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/sync/timer.hpp>
#include <stdexcept>

#include "../tasks.hpp"
#include "scenario.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using std::chrono::milliseconds;

SCENARIO(semaphore_for_two) {
    semaphore permits(0);
    const auto take = [&] { permits.acquire(); };
    at_once({take, take, [&] { permits.release(2); }});
}

SCENARIO(semaphore_one_by_one) {
    semaphore permits(0);
    std::atomic<bool> released{false};
    at_once({[&] {
                 permits.acquire();
                 check::require(released);
             },
             [&] {
                 released = true;
                 permits.release();
             }});
}

SCENARIO(semaphore_in_turns) {
    semaphore permits(1);
    const auto use = [&] {
        permits.acquire();
        permits.release();
    };
    at_once({use, use, use});
}

// Who gives a permit may find that it was the last, and that the semaphore is no more.
SCENARIO(semaphore_that_goes_after_the_last_permit) {
    alignas(semaphore) unsigned char place[sizeof(semaphore)];
    auto* const permits = new (place) semaphore(0);
    at_once({[&] {
                 if (!permits->try_acquire_for(milliseconds(1))) permits->acquire();
                 permits->~semaphore();
                 for (unsigned char& c : place) c = 0xff;
             },
             [&] { permits->release(); }});
    check::require(place[0] == 0xff);
}

SCENARIO(semaphore_with_one_who_is_cancelled) {
    semaphore permits(0);
    std::atomic<int> got{0};
    {
        checked::stoppable_thread stopped([&] {
            checked::cancelled_in([&] {
                permits.acquire();
                ++got;
            });
        });
        at_once({[&] { permits.release(); }, [&] { stopped.request_stop(); }});
    }
    check::require(permits.available() == 1 - got);
}

SCENARIO(bounded_semaphore_released_once_too_often) {
    bounded_semaphore permits(1);
    permits.acquire();
    std::atomic<int> refused{0};
    const auto release = [&] {
        try {
            permits.release();
        } catch (const invalid_state&) {
            ++refused;
        }
    };
    at_once({release, release});
    check::require(refused == 1 && permits.available() == 1);
}

SCENARIO(event_for_two) {
    event ready;
    const auto wait = [&] { ready.wait(); };
    at_once({wait, wait, [&] { ready.set(); }});
}

SCENARIO(latch_of_two) {
    latch all(2);
    const auto arrive = [&] { all.arrive_and_wait(); };
    at_once({arrive, arrive});
}

// The first that passes may destroy the latch, and make another in its place.
SCENARIO(latch_after_a_latch) {
    alignas(latch) unsigned char place[sizeof(latch)];
    auto* const first = new (place) latch(1);
    at_once({[&] {
                 if (!first->wait_for(milliseconds(1))) first->wait();
                 first->~latch();
                 auto* const second = new (place) latch(1);
                 check::require(!second->wait_for(milliseconds(1)));
                 second->count_down();
                 second->~latch();
             },
             [&] { first->count_down(); }});
}

SCENARIO(barrier_of_two) {
    barrier all(2);
    const auto go = [&] { all.wait(); };
    at_once({go, go});
}

SCENARIO(barrier_with_one_who_is_cancelled) {
    barrier all(2);
    int passed = 0;
    const auto go = [&]() -> task<> {
        co_await all.async_wait();
        ++passed;
    };
    const auto main = [&]() -> task<> {
        auto first = spawn(go());
        co_await checked::parked(&all, 1);
        first.request_stop();
        auto second = spawn(go());
        co_await yield();
        co_await yield();
        check::require(passed == 0);
        auto third = spawn(go());
        co_await second;
        co_await third;
    };
    heddle::run(main());
}

SCENARIO(barrier_that_is_reset_after_one_was_asked_to_stop) {
    barrier all(2);
    checked::stoppable_thread stopped([&] {
        checked::cancelled_in([&] {
            try {
                all.wait();
            } catch (const broken_barrier&) {
            }
        });
    });
    checked::until_parked(&all, 1);
    stopped.request_stop();
    all.reset();
    stopped.join();
    check::require(!all.broken());
}

SCENARIO(barrier_of_three) {
    barrier all(3);
    const auto go = [&] { all.wait(); };
    at_once({go, go, go});
}

SCENARIO(once_that_fails_at_first) {
    once first;
    int calls = 0;
    const auto use = [&] {
        try {
            first.call([&] {
                if (++calls == 1) throw std::runtime_error("not yet");
            });
        } catch (const std::runtime_error&) {
        }
    };
    at_once({use, use, use});
    check::require(first.done());
}

SCENARIO(timer_that_is_waited_for) {
    int value = 0;
    timer t(milliseconds(1), [&] { value = 1; });
    t.join();
    check::require(value == 1);
}

SCENARIO(timer_that_is_cancelled_as_it_fires) {
    int ran = 0;
    bool withdrawn = false;
    {
        timer t(milliseconds(1), [&] { ++ran; });
        withdrawn = t.cancel();
        if (!withdrawn) t.join();
        check::require(ran == (withdrawn ? 0 : 1));
    }
}

}  // namespace
