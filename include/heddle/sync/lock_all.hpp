// SPDX-License-Identifier: BSL-1.0
#pragma once

// Locks several without deadlock, whatever the order in which others lock them, and unlocks them at scope
// exit. It also is the guard for one lock in a coroutine, where std::unique_lock cannot wait.

#include <algorithm>
#include <array>
#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/sync/detail/routine.hpp>
#include <heddle/sync/detail/spin.hpp>
#include <heddle/sync/error.hpp>
#include <heddle/sync/event.hpp>
#include <span>
#include <tuple>
#include <utility>
#include <vector>

namespace heddle::inline v0 {

namespace detail {

template <class M>
concept lockable = requires(M& m) {
    m.lock();
    m.try_lock();
    m.unlock();
};

/// A lock of any type; null where it is the same as one before, or is not held any more.
struct any_lock {
    void* lock = nullptr;
    bool (*acquire)(void* m, rt::deadline until, bool cancellable) = nullptr;
    bool (*try_acquire)(void* m) = nullptr;
    void (*release)(void* m) noexcept = nullptr;

    template <class M> static any_lock of(M& m) noexcept {
        return {&m,
                [](void* l, rt::deadline until, bool cancellable) {
                    if (cancellable) return static_cast<M*>(l)->try_lock_until(until);
                    static_cast<M*>(l)->lock();
                    return true;
                },
                [](void* l) { return static_cast<M*>(l)->try_lock(); },
                [](void* l) noexcept {
                    try {
                        static_cast<M*>(l)->unlock();
                    } catch (const not_owner&) {
                        // Somebody else has unlocked it already.
                    }
                }};
    }
};

inline void drop_duplicates(std::span<any_lock> locks) noexcept {
    for (std::size_t i = 0; i < locks.size(); ++i)
        for (std::size_t j = 0; j < i; ++j)
            if (locks[i].lock == locks[j].lock) locks[i].lock = nullptr;
}

/// Tries all but `held`, which is locked; if one is not free, gives all back and says which. @return
/// locks.size() if all are locked.
inline std::size_t lock_the_others(std::span<any_lock> locks, std::size_t held) {
    std::size_t i = 0;
    try {
        for (; i < locks.size(); ++i)
            if (i != held && locks[i].lock != nullptr && !locks[i].try_acquire(locks[i].lock)) break;
    } catch (...) {
        for (std::size_t j = 0; j < locks.size(); ++j)
            if ((j < i || j == held) && locks[j].lock != nullptr) locks[j].release(locks[j].lock);
        throw;
    }
    if (i == locks.size()) return i;
    for (std::size_t j = 0; j < locks.size(); ++j)
        if ((j < i || j == held) && locks[j].lock != nullptr) locks[j].release(locks[j].lock);
    return i;
}

/// After so many failures in a row it steps back for a moment, so that the others get through. Tasks that
/// are handed their locks in turn could otherwise go round for ever: each gets one, finds the next taken, and
/// gives back what the third waits for.
inline constexpr unsigned failures_in_a_row = 4;

/// Waits for one at a time while it holds none: after a failure for the one that was not free.
inline bool lock_many(std::span<any_lock> locks, rt::deadline until, bool cancellable) {
    std::size_t next = 0;
    brief_wait pause;
    for (unsigned failures = 0; next < locks.size(); ++failures) {
        if (failures >= failures_in_a_row) pause.again();
        const std::size_t first = next;
        if (!locks[first].acquire(locks[first].lock, until, cancellable)) return false;
        next = lock_the_others(locks, first);
    }
    return true;
}

inline bool try_lock_many(std::span<any_lock> locks) {
    return lock_the_others(locks, locks.size()) == locks.size();
}

inline void unlock_many(std::span<any_lock> locks) noexcept {
    for (auto& l : locks)
        if (l.lock != nullptr) l.release(std::exchange(l.lock, nullptr));
}

template <class... M> struct held_locks {
    using type = std::array<any_lock, sizeof...(M)>;
};
template <class M> struct held_locks<std::vector<M*>> {
    using type = std::vector<any_lock>;
};

struct lock_all_access;

}  // namespace detail

/// Owns what lock_all() locked, until the end of the scope. Moves; does not copy.
template <class... M> class [[nodiscard]] scoped_locks {
 public:
    scoped_locks() noexcept = default;
    scoped_locks(scoped_locks&& other) noexcept
        : locks_(std::move(other.locks_)),
          held_(std::exchange(other.held_, false)) {}
    scoped_locks& operator=(scoped_locks&& other) noexcept {
        if (this != &other) {
            unlock();
            locks_ = std::move(other.locks_);
            held_ = std::exchange(other.held_, false);
        }
        return *this;
    }
    ~scoped_locks() { unlock(); }

    /// Unlocks now instead of at scope exit; nothing if that has been done.
    void unlock() noexcept {
        if (std::exchange(held_, false)) detail::unlock_many(locks_);
    }
    /// Whether they are held.
    explicit operator bool() const noexcept { return held_; }

 private:
    friend struct detail::lock_all_access;
    typename detail::held_locks<M...>::type locks_{};
    bool held_ = false;
};

namespace detail {

struct lock_all_access {
    template <class... M> static scoped_locks<M...> prepare(M&... mutexes) {
        scoped_locks<M...> result;
        result.locks_ = {any_lock::of(mutexes)...};
        drop_duplicates(result.locks_);
        return result;
    }
    template <class M> static scoped_locks<std::vector<M*>> prepare(const std::vector<M*>& mutexes) {
        scoped_locks<std::vector<M*>> result;
        for (M* m : mutexes) result.locks_.push_back(any_lock::of(*m));
        const auto by_address = [](const any_lock& a, const any_lock& b) { return a.lock < b.lock; };
        std::sort(result.locks_.begin(), result.locks_.end(), by_address);
        const auto same = [](const any_lock& a, const any_lock& b) { return a.lock == b.lock; };
        result.locks_.erase(std::unique(result.locks_.begin(), result.locks_.end(), same),
                            result.locks_.end());
        return result;
    }
    template <class Locks> static Locks lock(Locks locks, rt::deadline until, bool cancellable) {
        locks.held_ = lock_many(locks.locks_, until, cancellable);
        return locks;
    }
    template <class Locks> static Locks try_lock(Locks locks) {
        locks.held_ = try_lock_many(locks.locks_);
        return locks;
    }

    template <std::size_t I = 0, class First, class... Rest>
    static routine<bool> lock_one(std::size_t which, rt::deadline until, First& first, Rest&... rest) {
        if constexpr (sizeof...(Rest) != 0)
            if (which != I) {
                const bool locked = co_await lock_one<I + 1>(which, until, rest...);
                co_return locked;
            }
        const bool locked = co_await first.async_lock(until);
        co_return locked;
    }
    /// lock_at(lock, i, until) locks the one with the number i.
    template <class Locks, class LockAt>
    static routine<Locks> async_lock_those(Locks locks, rt::deadline until, LockAt lock_at) {
        std::size_t next = 0;
        event nobody_sets;
        for (unsigned failures = 0; next < locks.locks_.size(); ++failures) {
            if (failures >= failures_in_a_row)
                co_await nobody_sets.async_wait(rt::deadline::after(std::chrono::microseconds(50)));
            const std::size_t first = next;
            const bool locked = co_await lock_at(locks.locks_[first], first, until);
            if (!locked) co_return locks;
            next = lock_the_others(locks.locks_, first);
        }
        locks.held_ = true;
        co_return locks;
    }
    template <class... M> static routine<scoped_locks<M...>> async_lock(rt::deadline until, M&... mutexes) {
        return async_lock_those(
            prepare(mutexes...), until,
            [all = std::tie(mutexes...)](const any_lock&, std::size_t which, rt::deadline limit) {
                return std::apply([&](M&... m) { return lock_one(which, limit, m...); }, all);
            });
    }
    template <class M>
    static routine<scoped_locks<std::vector<M*>>> async_lock(rt::deadline until,
                                                             const std::vector<M*>& mutexes) {
        return async_lock_those(prepare(mutexes), until,
                                [](const any_lock& one, std::size_t, rt::deadline limit) {
                                    return static_cast<M*>(one.lock)->async_lock(limit);
                                });
    }
};

}  // namespace detail

/// Locks all of them; the same one twice counts once. Never waits for one while it holds another. Blocks the
/// task. Not a point of cancellation.
template <detail::lockable... M>
    requires(sizeof...(M) > 0)
scoped_locks<M...> lock_all(M&... mutexes) {
    return detail::lock_all_access::lock(detail::lock_all_access::prepare(mutexes...), rt::deadline::never(),
                                         false);
}
/// Locks all of them if all are free; test the result. Never waits.
template <detail::lockable... M>
    requires(sizeof...(M) > 0)
scoped_locks<M...> try_lock_all(M&... mutexes) {
    return detail::lock_all_access::try_lock(detail::lock_all_access::prepare(mutexes...));
}
/// Locks all of them unless that takes until `until`; test the result. Throws: cancelled, with nothing
/// locked.
template <detail::lockable... M>
    requires(sizeof...(M) > 0)
scoped_locks<M...> lock_all_until(rt::deadline until, M&... mutexes) {
    return detail::lock_all_access::lock(detail::lock_all_access::prepare(mutexes...), until, true);
}
/// Locks all of them unless that takes longer than `d`; test the result. Throws: cancelled, with nothing
/// locked.
template <class Rep, class Period, detail::lockable... M>
    requires(sizeof...(M) > 0)
scoped_locks<M...> lock_all_for(std::chrono::duration<Rep, Period> d, M&... mutexes) {
    return lock_all_until(rt::deadline::after(d), mutexes...);
}
/// co_await: locks all of them. Throws: cancelled, with nothing locked; invalid_state if it has to wait
/// outside a worker. Complexity: an allocation, and some for each one that it has to wait for.
template <detail::lockable... M>
    requires(sizeof...(M) > 0)
detail::routine<scoped_locks<M...>> async_lock_all(M&... mutexes) {
    return detail::lock_all_access::async_lock(rt::deadline::never(), mutexes...);
}
/// co_await: as above, and gives what tests false if they were not locked before `until`.
template <detail::lockable... M>
    requires(sizeof...(M) > 0)
detail::routine<scoped_locks<M...>> async_lock_all(rt::deadline until, M&... mutexes) {
    return detail::lock_all_access::async_lock(until, mutexes...);
}

// The same for as many as there are at run time. Complexity: an allocation more.

/// As lock_all() above.
template <class M> scoped_locks<std::vector<M*>> lock_all(const std::vector<M*>& mutexes) {
    return detail::lock_all_access::lock(detail::lock_all_access::prepare(mutexes), rt::deadline::never(),
                                         false);
}
/// As try_lock_all() above.
template <class M> scoped_locks<std::vector<M*>> try_lock_all(const std::vector<M*>& mutexes) {
    return detail::lock_all_access::try_lock(detail::lock_all_access::prepare(mutexes));
}
/// As lock_all_until() above.
template <class M>
scoped_locks<std::vector<M*>> lock_all_until(rt::deadline until, const std::vector<M*>& mutexes) {
    return detail::lock_all_access::lock(detail::lock_all_access::prepare(mutexes), until, true);
}
/// As lock_all_for() above.
template <class Rep, class Period, class M>
scoped_locks<std::vector<M*>> lock_all_for(std::chrono::duration<Rep, Period> d,
                                           const std::vector<M*>& mutexes) {
    return lock_all_until(rt::deadline::after(d), mutexes);
}
/// co_await: as async_lock_all() above.
template <class M>
detail::routine<scoped_locks<std::vector<M*>>> async_lock_all(const std::vector<M*>& mutexes) {
    return detail::lock_all_access::async_lock(rt::deadline::never(), mutexes);
}
/// co_await: as async_lock_all(until) above.
template <class M>
detail::routine<scoped_locks<std::vector<M*>>> async_lock_all(rt::deadline until,
                                                              const std::vector<M*>& mutexes) {
    return detail::lock_all_access::async_lock(until, mutexes);
}

}  // namespace heddle::inline v0
