// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a scheduling policy is: the rule that says which ready task runs next and for how long. A policy is a
// value. It reads no clock, starts nothing and draws no random numbers of its own: what it answers follows
// from what it was told and from the time it is given. So the same object can be simulated, can run a live
// pool and can drive a test, it can be copied to ask "what if", and the same calls give the same answers
// every time.
//
// Whoever drives a policy (a simulator, a pool, a checker; "the driver") calls, with a `now` that never goes
// back:
//
// * arrive(task, now): the task is ready: it is new, or what it waited for has come.
//
// * pick(now): chooses a ready task, which is then running and no longer ready; nothing if none is.
//
// * slice(id, used, now): how much longer the running task may go on. Ask after pick(), and again after an
//   arrive(): with ageing, the answer depends on who waits. When it is over, call ran(… expired …).
//
// * preempts(id, used, now): whether a ready task should displace the running one. Ask after arrive(). If the
//   driver follows it calls ran(… preempted …).
//
// * ran(id, used, why, now): the running task has stopped. Unless it is blocked or finished it is ready
//   again; and if it was preempted before it used any time, it has not stopped waiting, and what it has
//   waited counts.
//
// * leave(id, now): the task is gone for good, finished or cancelled, whatever it was doing. Forget it.
//
// * adjust(task, now): only of policies that can: what is said about a task has changed, for instance a
//   priority that it inherits from one that waits for its lock.
//
// `used` is the CPU time since the task was picked, which is less than the time that has passed where a
// switch costs something or the driver was itself interrupted. All that happens at one instant is told before
// pick() is called for that instant; in what order must not matter. Several tasks may be running, one per
// worker; a pool with a queue per worker gives each a policy object of its own. To move a task to another
// object, tell the one leave() and the other arrive().
//
// Where not every task may run on every CPU, pick(), slice() and preempts() are given a filter as well, if
// the policy takes one, and then answer as if those ready tasks that it does not let through were not there:
// these keep their places, what they have waited for, and draw no lots. For a policy that takes none,
// any_policy tries one after the other.

#include <chrono>
#include <concepts>
#include <cstdint>
#include <heddle/policy/task_filter.hpp>
#include <heddle/rt/config.hpp>
#include <optional>
#include <string_view>
#include <type_traits>

namespace heddle::inline v0::policy {

/// Virtual time has no clock, only readings that somebody gives.
struct timeline {
    using rep = std::int64_t;
    using period = std::nano;
    using duration = std::chrono::nanoseconds;
    using time_point = std::chrono::time_point<timeline>;
    static constexpr bool is_steady = true;
};
using duration = timeline::duration;
using time = timeline::time_point;

/// A slice without an end.
inline constexpr duration unlimited = duration::max();

/// How a task is treated by a policy that has classes, as Linux's scheduler has (linux_classes).
enum class task_class { fair, fifo, round_robin, deadline, batch, idle };

/// What a driver says about a task that becomes ready. Policies read what they need.
template <class Id = std::uint64_t> struct task_info {
    Id id{};
    time arrival{};                   ///< when it became ready, this time; not after the `now` of arrive()
    std::optional<duration> burst{};  ///< how much CPU time it will need, if that is known or estimated
    int priority = 0;
    std::uint32_t weight = 1;  ///< its share or tickets, relative to others
    std::optional<time> deadline{};
    std::optional<duration> period{};
    task_class kind = task_class::fair;
};

/// Why a running task stopped.
enum class stop_reason {
    expired,    ///< its slice is over; ready
    preempted,  ///< another one is to run, or the driver wants its worker back; ready
    yielded,    ///< it said that others may go first; ready
    blocked,    ///< it waits, and arrives again when what it waits for comes
    finished,   ///< it is done; leave() follows
};

/// Whether a task that stopped for this reason can go on at once.
constexpr bool still_ready(stop_reason why) noexcept {
    return why != stop_reason::blocked && why != stop_reason::finished;
}

/// Who goes first among those that a policy's rule does not tell apart.
enum class tie_break {
    arrival_then_id,     ///< who became ready earlier, then the smaller id
    arrival_then_order,  ///< who became ready earlier, then whose arrive() was called first
    id,                  ///< the smaller id, always: one that yields does not let a larger id go first
};

/// What names a task: anything with an order, which must not depend on addresses if results are to repeat.
template <class Id>
concept task_id = std::copyable<Id> && std::totally_ordered<Id>;

/// A rule that says which ready task runs next; see the top of this file. Nothing here asks for allocation: a
/// policy for a fixed set of tasks can keep its state in arrays.
template <class P>
concept scheduling_policy = std::copyable<P> && task_id<typename P::id_type> &&
                            requires(P p, const P asked, const task_info<typename P::id_type> task,
                                     const typename P::id_type id, duration used, stop_reason why, time now) {
                                p.arrive(task, now);
                                { p.pick(now) } -> std::same_as<std::optional<typename P::id_type>>;
                                { asked.slice(id, used, now) } -> std::same_as<duration>;
                                { asked.preempts(id, used, now) } -> std::same_as<bool>;
                                p.ran(id, used, why, now);
                                p.leave(id, now);
                            };

/// A policy that can be told that a task's priority, weight or deadline has changed.
template <class P>
concept adjustable_policy = scheduling_policy<P> && requires(P p, const task_info<typename P::id_type> task,
                                                             time now) { p.adjust(task, now); };

/// Why a policy does something, in a few words that are there as long as the program, and the number that
/// decided: "the least left to do", 4. Without words it does not say.
struct reason {
    enum class number { none, count, length, moment };

    std::string_view words{};
    number is = number::none;
    std::int64_t value = 0;
};

constexpr reason because(std::string_view words) {
    return {words};
}
constexpr reason because(std::string_view words, std::int64_t value) {
    return {words, reason::number::count, value};
}
constexpr reason because(std::string_view words, duration value) {
    return {words, reason::number::length, value.count()};
}
constexpr reason because(std::string_view words, time value) {
    return {words, reason::number::moment, value.time_since_epoch().count()};
}

/// A policy that says why it chose a task, asked right after pick(); and, if it has a why_over() too, why a
/// slice is over that is, asked before ran(), unless it is simply that a quantum ends.
template <class P>
concept explaining_policy =
    scheduling_policy<P> && requires(const P asked, const typename P::id_type id, time now) {
        { asked.why_picked(id, now) } -> std::same_as<reason>;
    };

/// A policy that has an order of priorities: more_urgent(a, b), whether priority `a` is more urgent than `b`.
template <class P>
concept prioritizing_policy = scheduling_policy<P> && requires(const P asked, int priority) {
    { asked.more_urgent(priority, priority) } -> std::same_as<bool>;
};

/// A policy that can be asked about some of the ready tasks only. If slice() and preempts() depend on who is
/// ready, they take the filter too.
template <class P>
concept filtering_policy =
    scheduling_policy<P> && requires(P p, time now, task_filter<typename P::id_type> only) {
        { p.pick(now, only) } -> std::same_as<std::optional<typename P::id_type>>;
    };

/// A policy that may say, when somebody comes, that a running task should make way: all but those with a
/// static constexpr preempts() that says that none ever should.
template <class P>
concept displacing_policy = scheduling_policy<P> && !requires {
    typename std::enable_if_t<!P::preempts(typename P::id_type{}, duration{}, time{})>;
};

/// A policy whose slices may end: all but those with a static constexpr slice() that says that none does.
template <class P>
concept slicing_policy = scheduling_policy<P> && !requires {
    typename std::enable_if_t<P::slice(typename P::id_type{}, duration{}, time{}) == unlimited>;
};

/// A policy whose slices may end at another time when somebody comes: all but those that say
/// `static constexpr bool slices_stand = true`.
template <class P>
concept reslicing_policy = slicing_policy<P> && !requires { typename std::enable_if_t<P::slices_stand>; };

/// A policy that says which of two running tasks, both of which a ready one would displace, should rather
/// make way: makes_way_before(a, used_a, b, used_b, now), whether `a` should. False both ways if it is all
/// the same.
template <class P>
concept ranking_policy =
    scheduling_policy<P> && requires(const P asked, const typename P::id_type id, duration used, time now) {
        { asked.makes_way_before(id, used, id, used, now) } -> std::same_as<bool>;
    };

}  // namespace heddle::inline v0::policy
