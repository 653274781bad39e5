// SPDX-License-Identifier: BSL-1.0
#pragma once

// The engine: one thread of the program runs at a time, and before each operation that others could notice it
// announces the operation and lets the engine choose who goes on. A thread is chosen only when its operation
// can be done, so that no model of a primitive ever waits: it announces, and when take_turn() returns it does
// its effect at once.

#include <pthread.h>
#include <check/channel.hpp>
#include <cstddef>
#include <cstdint>
#include "jitter.hpp"

namespace heddle::inline v0::check::runtime {

struct thread;
struct object;
struct vector_clock;

inline constexpr unsigned max_calls = 512;
inline constexpr std::uint64_t never = ~std::uint64_t{0};

/// Whether the announced operation can be done now.
using ready_function = bool (*)(const thread&) noexcept;

/// Whether an operation gives up its wait when the thread has handled a signal meanwhile; otherwise it goes
/// on waiting.
enum class interruption : std::uint8_t { none, unless_restarted, always };

struct operation {
    action what = action::none;
    bool writes =
        true;  // conflicts with every operation on the same address; otherwise only with those that write
    bool yields = false;       // the others go first
    bool cancellable = false;  // a wait that ends when the thread is cancelled
    interruption interrupted_by_signals = interruption::none;
    bool global = false;  // depends on what every other thread does
    const void* address = nullptr;
    const void* also = nullptr;  // another address that it changes
    const void* pc = nullptr;
    object* on = nullptr;
    ready_function ready = nullptr;  // null: always
    std::uint64_t deadline = never;  // in virtual time
    std::uint64_t value = 0;
    std::uint8_t size = 0;
    std::uint8_t offset = 0;  // of memory that begins within the eight bytes at `address`
};

enum class turn : std::uint8_t { granted, timed_out, interrupted };

/// What the model knows about a primitive, found by its address.
struct object {
    const void* address;
    thread* owner;
    vector_clock* released;
    vector_clock* read;   // by those that held it as readers: they do not happen before each other
    std::uint32_t count;  // how often the owner holds it; how many read
    std::uint32_t parties;
    std::uint32_t generation;
    std::uint32_t lost_signals;
    std::int64_t value;
    bool inherits;  // who holds it has the priority of those that wait for it
    bool known;     // it was initialised or used while the engine was in control
};

/// What a stack of the program is to the race detector: one for each thread, and one for each fiber.
struct execution {
    vector_clock* clock;
    vector_clock* seen;       // what its relaxed loads saw released; an acquire fence acquires it
    vector_clock* published;  // by its last release fence; its relaxed stores release it
    std::uint16_t actor;
    std::uint32_t depth;  // the functions it is in, of instrumented code: `calls`
    const void** calls;   // room for max_calls
};

/// Where a thread has stopped, and the kernel thread on which it has; see switch.hpp.
struct kernel_thread {
    std::uint64_t stack_pointer;
    std::uint64_t thread_pointer;
    std::int32_t tid;
    std::uint32_t parked;
    std::uint32_t released;
};

/// Where a thread's kernel thread is that has the baton; see blocked.hpp.
enum whereabouts : std::uint8_t { in_program, in_engine, outside, returning };

struct thread {
    std::uint8_t place;  // a whereabouts
    // What it is about to do.
    operation pending;
    bool timed_out;
    bool signalled;
    bool yielded;
    bool finished;
    bool detached;
    bool joined;
    bool cancel_requested;
    bool cancel_enabled;
    bool cancelling;
    bool asleep;               // sleep_set.hpp
    bool spare;                // spare.hpp: its kernel thread is not in this process
    std::uint8_t last_passes;  // of the key's destructor
    std::uint16_t slot;
    std::uint32_t number;
    std::uint32_t children;
    std::uint64_t path;
    std::uint64_t steps;
    std::uint64_t ticket;  // in the queue that it waits in: smaller came first
    std::uint64_t wait_value;
    std::uint64_t signal_mask;  // those that it has blocked; bit n - 1 for signal n
    std::uint64_t signals;      // sent to it and not received yet
    thread* joins;
    void* (*start)(void*);
    void* argument;
    void* result;
    pthread_t handle;
    std::int32_t error;
    // Of the program's priorities.
    std::int16_t scheduler;
    std::int16_t real_time_priority;
    std::int16_t nice;
    std::uint32_t inverted;  // steps for which lower ones have kept it waiting
    // Of strategies.
    std::uint64_t priority;
    std::uint64_t weight;
    const void* last_pc;
    std::uint32_t repeated;
    std::uint32_t stack;  // of the pending operation, if stacks are recorded
    // Switching.
    kernel_thread kernel;
    std::uint32_t baton;
    // No change of thread while it is not 0: it holds something of libc's that the others would block on.
    std::uint32_t undivided;
    execution own;
    execution* running;  // `own`, or a fiber that the program has announced
};

struct engine_state {
    bool on;  // a schedule is running in this process
    channel* shared;
    thread* threads[max_threads];  // by slot; null: free
    thread* running;               // has been chosen last
    std::uint32_t slots;           // slots in use are below
    std::uint32_t numbers;
    std::uint64_t steps;
    std::uint64_t decisions;
    std::uint64_t switches;
    std::uint64_t hash;
    std::uint64_t now;
    std::uint64_t tickets;
    std::uint64_t guide_at;
    std::uint64_t random;
    std::uint64_t signals;  // sent to the process, and no thread could receive them
    std::uint64_t arrived;  // from outside, since the last step; set by a real signal handler
    bool handles_signals;   // the program has a handler for some
    bool signals_may_come;  // the program has asked for some: a timer
};

extern engine_state engine;

/// Set on threads that the engine controls while a schedule runs, and only there.
extern thread_local thread* current_thread __attribute__((tls_model("initial-exec")));

/// A thread that was given up because it blocked comes back; returns when it has its turn.
void come_back(thread& me) noexcept;

/// The calling thread if the engine controls it, which may use the engine now.
inline thread* engaged() noexcept {
    thread* const me = current_thread;
    if (me != nullptr && __atomic_load_n(&me->place, __ATOMIC_ACQUIRE) == outside) [[unlikely]]
        come_back(*me);
    return me;
}

/// The same. Asked for at every point of synchronisation.
inline thread* controlled() noexcept {
    if (current_thread == nullptr && jitter_on) jitter();
    return engaged();
}

/// Announces `op`, lets others run, and returns when the calling thread may do it, or its deadline has
/// passed, or it has handled a signal that interrupts it.
turn take_turn(thread& me, const operation& op) noexcept;

/// The step that the calling thread has just been granted is on this memory: what is there is part of the
/// recording. `address`: of eight bytes that it accesses now.
inline void note_value(const void* address) noexcept {
    if (engine.steps - 1 < max_events)
        engine.shared->events[engine.steps - 1].value = *static_cast<const volatile std::uint64_t*>(address);
}

/// Whether `t` can do what it has announced, or is to leave its wait because it has been cancelled.
bool can_go(const thread& t) noexcept;

/// A number below `n` that is part of the schedule. Which of several waiters is woken, for example.
std::uint64_t choose(thread& me, std::uint64_t n, const void* pc) noexcept;

/// The next number of the schedule's own random sequence.
std::uint64_t next_random() noexcept;

/// A thread about to be started by `parent`; null for the main thread.
thread& new_thread(thread* parent, const void* start) noexcept;
void forget_thread(thread& t) noexcept;

/// `me` is over; others go on. Does not return to a thread that the carrier runs.
void finish(thread& me) noexcept;

/// Switches the engine on, with the calling thread as the main one.
void begin_schedule(channel& shared) noexcept;

/// Writes what is known about the schedule into the outcome, once.
void record_outcome(verdict how) noexcept;

/// The model's object at `address`.
object& object_at(const void* address) noexcept;
/// The same, or null if nothing is known about the address.
object* find_object(const void* address) noexcept;
void forget_object(const void* address) noexcept;

/// `me` waits for somebody's signal: signals are heard in the order of the tickets.
inline void enqueue(thread& me) noexcept {
    me.signalled = false;
    me.ticket = ++engine.tickets;
}

/// Applies `f` to each thread alive.
template <class F> void for_each_thread(F&& f) {
    for (std::uint32_t i = 0; i < engine.slots; ++i)
        if (engine.threads[i] != nullptr && !engine.threads[i]->finished) f(*engine.threads[i]);
}

inline bool flag(order_flag f) noexcept {
    return (engine.shared->orders.flags & f) != 0;
}

inline std::uint64_t bits(const void* p) noexcept {
    return reinterpret_cast<std::uint64_t>(p);
}

}  // namespace heddle::inline v0::check::runtime

#define HEDDLE_RETURN_ADDRESS __builtin_extract_return_addr(__builtin_return_address(0))
#define HEDDLE_INTERPOSED extern "C" __attribute__((visibility("default")))
