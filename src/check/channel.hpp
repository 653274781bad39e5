// SPDX-License-Identifier: BSL-1.0
#pragma once

// What the explorer and the runtime inside the checked program tell each other: a region of shared memory.
// The explorer writes `orders` before each schedule; the runtime writes `outcome`, the trace and the tables
// while it runs. Plain data of fixed layout: both sides are built from this file, and `version` says so.

#include <cstddef>
#include <cstdint>

namespace heddle::inline v0::check {

inline constexpr std::uint32_t channel_magic = 0x68646c63;  // "hdlc"
inline constexpr std::uint32_t channel_version = 6;

/// The environment variable that tells the runtime the number of the descriptor of its socket to the
/// explorer. Without it the runtime passes every call through.
inline constexpr char channel_variable[] = "HEDDLE_CHECK_SOCKET";

/// The dynamic linker is asked to find all functions at once, rather than each when a forked copy first calls
/// it; a value by which the runtime knows that the user has not asked for it.
inline constexpr char bind_now_variable[] = "LD_BIND_NOW";
inline constexpr char bound_by_explorer[] = "heddle";

inline constexpr unsigned max_threads = 256;          // alive at once
inline constexpr unsigned max_thread_records = 4096;  // in one schedule
inline constexpr unsigned max_races = 32;
inline constexpr unsigned max_hot = 1u << 14;  // instructions that threads conflict on; a power of two
inline constexpr unsigned max_met = 256;       // of them, that one schedule adds
inline constexpr unsigned max_stack = 24;
inline constexpr unsigned max_stacks = 1u << 14;
inline constexpr std::size_t max_events = std::size_t{1} << 22;
inline constexpr std::size_t max_guide = std::size_t{1} << 22;
inline constexpr unsigned max_spares = 255;  // as many as orders::spares can say
inline constexpr std::size_t max_policy_text = 95;

/// How the next thread is chosen where several can go.
enum class strategy_kind : std::uint8_t {
    first,        ///< no change of thread unless it must be
    random_walk,  ///< any of them, equally likely
    pct,   ///< by random priorities that change at `depth - 1` random steps (Burckhardt et al., ASPLOS 2010)
    pos,   ///< by random priorities drawn anew for conflicting operations (Yuan, Yang, Gu, CAV 2018)
    surw,  ///< random, weighted by how much each has left to do (Zhao et al., ASPLOS 2025)
    policy,  ///< who one of heddle's scheduling policies says, in virtual time; one that can go on does not
             ///< stand back
};

/// How `guide` is read. What it does not say, the strategy does.
enum class guidance : std::uint8_t {
    none,
    decisions,  ///< guide_decision k is the k-th decision of the schedule, exactly
    switches,   ///< guide_switch: at a thread's own k-th step, go to that thread
    branches,   ///< guide_branch k is the k-th decision, and no schedule is run that equals an earlier one
};

/// What a thread is about to do at a scheduling point. The explorer has a verb for each (event_text.cpp).
enum class action : std::uint8_t {
    none,
    thread_start,
    thread_create,
    thread_join,
    thread_detach,
    thread_end,
    mutex_lock,
    mutex_trylock,
    mutex_unlock,
    mutex_destroy,
    cond_wait,
    cond_wake,
    cond_signal,
    cond_broadcast,
    read_lock,
    write_lock,
    read_trylock,
    write_trylock,
    rwlock_unlock,
    semaphore_wait,
    semaphore_trywait,
    semaphore_post,
    barrier_arrive,
    barrier_leave,
    once_enter,
    once_done,
    word_wait,
    word_woken,
    word_wake,
    sleep,
    yield,
    file_wait,
    process_wait,
    blocked,  // in a call that is not modelled
    read,
    write,
    atomic_load,
    atomic_store,
    atomic_update,
    fence,
    signal_send,
    signal_wait,
    signal_handle,
    choose,
    exit,
};

enum event_flag : std::uint8_t {
    event_writes = 1,     ///< conflicts with whatever touches the same address
    event_timed_out = 2,  ///< chosen to time out
    event_forced = 4,     ///< the thread before it could not go on
    event_only = 8,       ///< nobody else could go
    event_chosen =
        16,  ///< a number was chosen rather than a thread; `value` is it, `candidates` how many there were
    event_stood_back = 32,  ///< the thread before it had let others go first
    event_default = 64,     ///< strategy_kind::first would have chosen it too
};

/// One step of the schedule.
struct event {
    std::uint64_t pc;
    std::uint64_t address;
    std::uint64_t candidates;  ///< by slot, those of the first 64
    std::uint64_t value;       ///< of memory: what was there or was written, as far as it was recorded
    std::uint32_t thread;      ///< number: index into the thread records
    std::uint32_t stack;       ///< number of its stack; 0 if not recorded
    std::uint16_t slot;
    action what;
    std::uint8_t flags;
    std::uint8_t size;    ///< of memory: bytes
    std::uint8_t offset;  ///< of memory: `address` is that of the eight bytes in which they are
    std::uint8_t unused[2];
};
static_assert(sizeof(event) == 48);

/// The innermost frame first. Stack number n, from 1, is stacks[(n - 1) % max_stacks], until it is
/// overwritten.
struct stack_record {
    std::uint64_t depth;
    std::uint64_t pc[max_stack];
};

enum class thread_state : std::uint8_t { none, ready, blocked, finished };

/// A thread is known by how it came to be, so that it is the same one in another schedule: `path` is the hash
/// of its creator's path and its ordinal among the creator's children.
struct thread_record {
    std::uint64_t path;
    std::uint64_t start;    ///< address of its start routine
    std::uint64_t pc;       ///< of its pending operation
    std::uint64_t address;  ///< what the pending operation is on
    std::uint64_t steps;
    std::uint32_t parent;
    std::uint32_t ordinal;
    std::uint32_t owner;  ///< of a blocked thread: number plus 1 of the one that holds what it waits for
    std::uint32_t stack;
    thread_state state;
    action what;
    std::uint8_t detached;
    std::uint8_t unheard;  ///< it waits at a condition that was signalled when nobody waited
    char name[16];
    std::uint16_t slot;  ///< of those alive, in event::candidates
    std::uint8_t unused[2];
};

struct race_record {
    struct side {
        std::uint64_t pc;
        std::uint32_t thread;
        std::uint32_t stack;
        std::uint8_t writes;
        std::uint8_t atomic;
        std::uint8_t size;   ///< 0: more than 255 bytes
        std::uint8_t frees;  ///< the memory was given back
        std::uint8_t unused[4];
    } first, second;
    std::uint64_t address;
    std::uint64_t step;  ///< at which it was noticed
};

/// How a schedule ended, as far as the runtime saw it. The process's exit status is with the explorer.
enum class verdict : std::uint8_t {
    unfinished,     ///< it was killed, or ended by a way that the runtime does not see
    finished,       ///< exit() or the end of main
    crash,          ///< a signal; `detail` is its number
    assertion,      ///< assert() or abort()
    uncaught,       ///< std::terminate; `message` is the exception's type
    deadlock,       ///< nobody can go on
    lost_wakeup,    ///< the same, and a waiter waits for a signal that came too early
    misuse,         ///< unlock by a stranger, double lock …
    data_race,      ///< only where races count as failures
    no_progress,    ///< max_steps reached
    threads_left,   ///< exit with threads running that nobody joined
    requirement,    ///< a false check::require
    assumption,     ///< a false check::assume: no verdict
    diverged,       ///< the guide asked for what cannot be
    redundant,      ///< from here on it would only repeat another schedule, with independent steps exchanged
    not_supported,  ///< `message` says what
    priority_inversion,
};

enum order_flag : std::uint32_t {
    order_memory_points = 1,    ///< instrumented accesses are scheduling points
    order_hot_only = 2,         ///< … but only those of the instructions in `hot`
    order_find_hot = 4,         ///< note instructions that conflict in `met`
    order_races = 8,            ///< look for races
    order_races_fail = 16,      ///< a race ends the schedule
    order_stacks = 32,          ///< record the stack of every event
    order_release_points = 64,  ///< a point after a release too: needed where memory is not a point
    order_quiet = 128,  ///< send the program's output to the descriptor that the server was given for it
    order_baton = 256,  ///< each thread on a kernel thread of its own
    order_late_timeouts = 512,  ///< time-outs only when nothing else can happen
    order_threads_left = 1024,  ///< exit with threads running is a failure
    order_capture = 2048,       ///< send the standard output to the descriptor for what is compared
    order_keep_going = 8192,    ///< nobody is made to stand back because it goes round and round
    order_inversion = 16384,    ///< a priority inversion is a failure
    order_jitter = 32768,       ///< nothing is controlled: threads run freely, with random delays
    order_fork = 65536,         ///< in a process of its own
    order_any_status = 4096,    ///< of the explorer only: an exit status other than 0 is no failure
};

struct orders {
    std::uint64_t seed;
    std::uint64_t max_steps;
    std::uint64_t expected_steps;  ///< of earlier schedules; PCT spreads its changes over so many
    std::uint64_t near_ns;         ///< a timeout this near may happen before other threads go on
    std::uint64_t step_ns;         ///< virtual time of a step
    std::uint64_t outside_ns;      ///< real time that the outside world has when nothing else can happen
    std::uint64_t guide_length;
    std::uint64_t surw_address;  ///< the events on this address count (SURW); 0: all
    std::uint32_t flags;
    std::uint32_t workers;  ///< how many CPUs the program sees; 0: as many as there are
    strategy_kind how;
    guidance guided;
    std::uint8_t depth;
    std::uint8_t spares;  ///< threads that are made before the schedule (runtime/spare.hpp)
    std::uint8_t unused[4];
    std::uint64_t quantum_ns;          ///< of a policy that says nothing else
    char policy[max_policy_text + 1];  ///< as make_policy() takes it
};

struct guide_switch {
    std::uint64_t thread;  ///< path
    std::uint64_t next;    ///< path, or the number for a choice
    std::uint32_t step;    ///< of that thread, from 1
    std::uint32_t chosen;  ///< a choice of a number, rather than of a thread
};

/// What has been run after the same beginning: its steps need not come next again until one that depends on
/// them has been done (sleep sets; runtime/sleep_set.hpp).
struct guide_branch {
    std::uint64_t explored;  ///< threads by slot
    std::uint16_t chosen;    ///< a slot, or the number chosen
    std::uint16_t unused[3];
};

struct outcome {
    std::uint64_t steps;
    std::uint64_t decisions;  ///< steps at which there was a choice
    std::uint64_t switches;
    std::uint64_t hash;  ///< of all steps; the same schedule has the same hash
    std::uint64_t now;   ///< virtual time at the end
    std::uint64_t diverged_at;
    std::uint64_t main_bias;  ///< where the program is loaded
    std::uint32_t threads;
    std::uint32_t races;
    std::uint32_t stacks;
    std::uint32_t failed_thread;  ///< number plus 1
    std::uint32_t failed_stack;
    std::int32_t detail;
    std::int32_t pid;
    verdict how;
    std::uint8_t instrumented;  ///< the program calls the instrumentation's entry points
    std::uint8_t timed;         ///< it read a clock or waited for a time
    std::uint8_t unused;
    std::uint32_t unmodelled;  ///< bit set of what was met and is not controlled
    char message[512];
};

/// What a program did that is not controlled; bits of outcome::unmodelled.
enum unmodelled_flag : std::uint32_t {
    unmodelled_process = 1,        ///< it started another process
    unmodelled_shared_object = 2,  ///< a primitive shared between processes
    unmodelled_signal = 4,         ///< a signal came from outside: a timer's, another process's
    unmodelled_real_wait = 8,      ///< it waited for something outside
    unmodelled_pi_lock = 16,
    unmodelled_blocking = 32,  ///< a thread waited where the engine does not see it
};

/// Where SURW expects events: how many each thread had in earlier schedules.
struct thread_weight {
    std::uint64_t path;
    std::uint64_t events;
};
inline constexpr unsigned max_weights = 256;

struct channel {
    std::uint32_t magic;
    std::uint32_t version;
    struct orders orders;
    struct outcome outcome;
    /// Of the process that runs the schedules (runtime/rewind.hpp).
    std::uint32_t ran;         ///< how many it has begun
    std::uint8_t answered;     ///< it has ended the last one
    std::uint8_t handed_back;  ///< it has taken a request that it could not serve
    std::uint32_t n_weights;
    thread_weight weights[max_weights];
    /// Open addressing by hot_slot(); 0 is free. The explorer's: it stays what it is while a schedule runs,
    /// so that the schedule can be repeated.
    std::uint64_t hot[max_hot];
    /// Those that conflicted and are not hot yet.
    std::uint32_t n_met;
    std::uint64_t met[max_met];
    thread_record threads[max_thread_records];
    race_record races[max_races];
    stack_record stacks[max_stacks];
    event events[max_events];
    union {
        std::uint16_t guide_decision[max_guide];  ///< a slot, or the number chosen
        guide_switch guide_switches[max_guide / 8];
        guide_branch guide_branches[max_guide / 8];
    };
};

/// Where in `hot` the search for an instruction begins.
constexpr std::size_t hot_slot(std::uint64_t pc) noexcept {
    return (pc * 0x9E3779B97F4A7C15u >> 32) & (max_hot - 1);
}

/// A thread's path from its creator's path and its ordinal among the creator's children, from 1. The main
/// thread's is 1.
constexpr std::uint64_t thread_path(std::uint64_t parent, std::uint32_t ordinal) noexcept {
    return (parent ^ ordinal) * 0x100000001B3u + 0x9E3779B97F4A7C15u;
}

/// Explorer to server, over the socket, a byte each; the answer is an `answer`.
enum class request : char { run = 'r' };

/// To the explorer: first with pid -1 when the server is ready, then after each schedule, from the server or
/// from the process that has run it and waits for the next one.
struct answer {
    std::int32_t pid = 0;
    std::int32_t wait_status = 0;
    bool of_server = false;  ///< the process has ended
    bool idle = false;       ///< and had answered for its last schedule before
};

}  // namespace heddle::inline v0::check
