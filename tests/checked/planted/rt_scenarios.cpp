// SPDX-License-Identifier: BSL-1.0
#include <unistd.h>
#include <atomic>
#include <heddle/rt/async_park.hpp>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/rt/word_lock.hpp>
#include <heddle/sync/event.hpp>
#include <memory>
#include <mutex>

#include "../tasks.hpp"
#include "scenario.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using rt::parking_lot;

class step final : public rt::runnable {
 public:
    explicit step(std::function<void()> f) : runnable(&on_run), f_(std::move(f)) {}

 private:
    static void on_run(rt::runnable& r) noexcept { static_cast<step&>(r).f_(); }
    std::function<void()> f_;
};

SCENARIO(park_until_open) {
    std::atomic<bool> open{false};
    const auto pass = [&] {
        while (!open) rt::park(&open, [&] { return !open; });
    };
    at_once({pass, pass, [&] {
                 open = true;
                 parking_lot::unpark_all(&open);
             }});
}

SCENARIO(park_a_fiber_until_open) {
    std::atomic<bool> open{false};
    int value = 0;
    at_once({[&] {
                 checked::on_fibers({[&] {
                     while (!open) rt::park(&open, [&] { return !open; });
                     value = 1;
                 }});
             },
             [&] {
                 open = true;
                 parking_lot::unpark_all(&open);
             }});
    check::require(value == 1);
}

SCENARIO(park_until_asked_to_stop) {
    const char word = 0;
    checked::stoppable_thread waits([&] {
        const auto ended =
            rt::park(&word, [] { return true; }, rt::deadline::never(), rt::cancellation::observed);
        check::require(ended == rt::wait_outcome::cancelled);
    });
    waits.request_stop();
}

SCENARIO(park_that_is_granted_while_asked_to_stop) {
    std::atomic<bool> ready{false};
    checked::stoppable_thread waits([&] {
        for (int i = 0; i < 2; ++i)  // the second waiter lies where the first one was
            rt::park(
                &ready, [&] { return !ready.load(); }, rt::deadline::never(), rt::cancellation::observed);
    });
    const std::jthread grants([&] {
        ready.store(true);
        rt::parking_lot::unpark_all(&ready);
    });
    waits.request_stop();
}

SCENARIO(word_lock_of_three) {
    rt::word_lock lock;
    int value = 0;
    const auto add = [&] {
        const std::lock_guard hold(lock);
        ++value;
    };
    at_once({add, add, add});
    check::require(value == 3);
}

SCENARIO(worker_with_two_posters) {
    rt::worker home;
    int ran = 0;
    step a([&] { ++ran; });
    step b([&] { ++ran; });
    at_once(
        {[&] { home.run(nullptr, [&] { return ran == 2; }); }, [&] { home.post(a); }, [&] { home.post(b); }});
}

SCENARIO(worker_that_watches_a_file) {
    int ends[2];
    check::require(::pipe(ends) == 0);
    {
        rt::worker home;
        rt::readiness readable(ends[0]);
        bool ran = false;
        step last([&] {
            ran = true;
            home.unwatch(readable);
        });
        event watched;
        step first([&] {
            home.watch(readable);
            watched.set();
        });
        home.post(first);
        at_once({[&] { home.run(nullptr, [&] { return ran; }); },
                 [&] {
                     watched.wait();
                     home.post(last);
                 }});
    }
    ::close(ends[0]);
    ::close(ends[1]);
}

SCENARIO(worker_that_ends_by_what_is_posted) {
    auto home = std::make_unique<rt::worker>();
    bool done = false;
    step last([&] { done = true; });
    at_once({[&] {
                 home->run(nullptr, [&] { return done; });
                 home.reset();
             },
             [&] { home->post(last); }});
}

SCENARIO(coroutine_woken_by_a_thread) {
    std::atomic<bool> open{false};
    const auto pass = [&]() -> task<> {
        const auto closed = [&] { return !open; };
        while (!open) {
            rt::async_park park(&open, closed);
            co_await park;
        }
    };
    at_once({[&] { checked::on_loop({pass}); },
             [&] {
                 open = true;
                 parking_lot::unpark_all(&open);
             }});
}

}  // namespace
