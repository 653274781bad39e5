// SPDX-License-Identifier: BSL-1.0
#pragma once

// The race detector: happens-before by vector clocks. Two accesses of different actors (threads, or fibers
// that the program announces) race if they touch a common byte, one of them writes, not both are atomic, and
// neither happens before the other. Source: FastTrack (Flanagan and Freund, PLDI 2009), with the shadow cells
// of ThreadSanitizer: the last four accesses of each eight bytes.
//
// Off unless the orders ask for it and the program is instrumented; then all of these cost next to nothing.

#include "engine.hpp"

namespace heddle::inline v0::check::runtime {

void begin_detector() noexcept;
/// A new thread, or a fiber, that `creator` makes; reported as thread `number`.
void begin_execution(thread* creator, execution& e, std::uint32_t number) noexcept;
/// `t` goes on as `to`. `ordered`: what it has done happens before what `to` does.
void switch_execution(thread& t, execution& to, bool ordered) noexcept;
void thread_finished(thread& t) noexcept;

/// What the last releases of `o` saw happens before what `t` does from now on.
void acquire(thread& t, object& o) noexcept;
/// What `t` has done happens before what acquires `o` later, in addition to what was released there before.
void release(thread& t, object& o) noexcept;
/// As release(), by one that held `o` together with other readers: only acquire_alone() sees it.
void release_as_reader(thread& t, object& o) noexcept;
/// As acquire(), and what readers have done happens before too.
void acquire_alone(thread& t, object& o) noexcept;
/// What `from` has done happens before what `to` does from now on.
void synchronise(thread& to, thread& from) noexcept;

/// A relaxed load of `o`, which a later acquire fence makes an acquire.
void acquire_at_fence(thread& t, const object& o) noexcept;
/// A relaxed store to `o`, which an earlier release fence makes a release of what was done before the fence.
void release_from_fence(thread& t, object& o) noexcept;
void acquire_fence(thread& t) noexcept;
void release_fence(thread& t) noexcept;

struct access {
    const void* address;
    const void* pc;
    std::uint32_t size;
    bool writes;
    bool atomic;
    bool frees = false;
    bool called = false;  // by a function of libc: the instruction at `pc` is only its call
};
void look_for_race(thread& me, const access& a) noexcept;

/// Memory that begins a new life: what was done to it before does not count.
void forget_memory(const void* begin, std::size_t size) noexcept;

}  // namespace heddle::inline v0::check::runtime
