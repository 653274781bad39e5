// SPDX-License-Identifier: BSL-1.0
#pragma once

// A thread that blocks in a call that is not modelled would keep the others from running. With the baton each
// thread has a kernel thread of its own, and a watcher sees that the one which runs sleeps in the kernel: it
// takes the baton from it and lets another go on. The blocked thread takes part again when it comes back to
// the engine. When all this happens is decided by real time, so such a schedule need not be the same twice.
//
// A thread's place says who may use the engine in its name, and is only changed by compare-and-exchange where
// both could. The thread goes from `in_program` to `in_engine` and back. The watcher goes from `in_program` to
// `outside`, and back if the thread has run since it was seen asleep; otherwise it acts for the thread from
// then on. A thread that finds its place to be `outside` makes it `returning` and waits for its turn, after
// which it is `in_program` again.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

/// Starts the watcher of this process.
void watch_for_blocked() noexcept;

/// For the watcher: lets another thread go on in place of `stuck`, which is outside.
void go_on_without(thread& stuck) noexcept;

/// While it lives `me` uses the engine, and sleeping is no sign of being blocked.
class inside_engine {
 public:
    explicit inside_engine(thread& me) noexcept : me_(me), entered_(flag(order_baton) && enter()) {}
    ~inside_engine() {
        if (entered_) __atomic_store_n(&me_.place, in_program, __ATOMIC_RELEASE);
    }
    inside_engine(const inside_engine&) = delete;
    inside_engine& operator=(const inside_engine&) = delete;

 private:
    // @return false if it is inside already: a signal's handler that runs there makes steps of its own.
    bool enter() noexcept {
        for (;;) {
            std::uint8_t expected = in_program;
            if (__atomic_compare_exchange_n(&me_.place, &expected, in_engine, false,
                                            __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE))
                return true;
            if (expected == in_engine) return false;
            come_back(me_);
        }
    }

    thread& me_;
    const bool entered_;
};

}  // namespace heddle::inline v0::check::runtime
