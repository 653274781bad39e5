// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a condition needs of its lock beyond lock() and unlock(): giving up all levels at once, and the queue
// to which those who are notified are moved.

#include <cstddef>
#include <heddle/sync/detail/wait.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/recursive_mutex.hpp>

namespace heddle::inline v0::detail {

/// For each lock that a condition works with:
///   relock<M>          the operation of taking it back
///   held(m)            whether the caller holds it, as far as the lock knows
///   give_up(m)         frees it; how many levels that were
///   take_back(m, n)    after it is locked again: as before
///   address(m)         where those wait who want it
///   moved<M>()         null, or what changes the tag of one who has waited at a condition into that of one
///   who
///                      begins to wait for the lock
///   accept(m)          under the lock of that address's bucket: whether it is held, and if so its holder
///   will look
///                      for those who wait
struct lock_access {
    template <class M> struct relock_of {
        using type = typename M::lock_operation;
    };
    template <class M> using relock = typename relock_of<M>::type;

    template <class M> static bool held(const M& m) noexcept { return m.locked(); }
    template <class M> static std::size_t give_up(M& m) noexcept {
        try {
            m.unlock();
        } catch (const not_owner&) {
            // Somebody else has unlocked it under our feet; then it is free, as it should be.
        }
        return 1;
    }
    template <class M> static void take_back(M&, std::size_t) noexcept {}
    template <class M> static const void* address(const M& m) noexcept { return &m; }
    template <class M> static bool accept(M& m) noexcept { return m.accept_moved(); }
    template <class M> static constexpr auto moved() noexcept -> void (*)(rt::waiter&) noexcept {
        if constexpr (requires { &relock<M>::on_move; })
            return &relock<M>::on_move;
        else
            return nullptr;
    }
    template <class M> static relock<M> make_relock(M& m, suspends kind) {
        return relock<M>(m, rt::deadline::never(), rt::cancellation::ignored, kind);
    }

    static bool held(const recursive_mutex& m) noexcept { return m.owned(); }
    static std::size_t give_up(recursive_mutex& m) noexcept {
        const std::size_t levels = pass_on(m);
        give_up(m.lock_);
        return levels;
    }
    static void take_back(recursive_mutex& m, std::size_t levels) noexcept {
        m.locked_by(rt::current_task().id(), levels);
    }
    /// Of a recursive lock only: whether the next unlock() frees it; and giving up the ownership of a lock
    /// that stays locked, for another to take_back() it.
    static bool last_level(const recursive_mutex& m) noexcept { return m.depth_ == 1; }
    static std::size_t pass_on(recursive_mutex& m) noexcept {
        const std::size_t levels = m.depth_;
        m.depth_ = 0;
        m.owner_.store(0, std::memory_order_relaxed);
        return levels;
    }
    static bool accept(recursive_mutex& m) noexcept { return m.lock_.accept_moved(); }
    static mutex_lock make_relock(recursive_mutex& m, suspends kind) noexcept {
        return make_relock(m.lock_, kind);
    }
};

template <> struct lock_access::relock_of<recursive_mutex> {
    using type = mutex_lock;
};

}  // namespace heddle::inline v0::detail
