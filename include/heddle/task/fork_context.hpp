// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where a task on a fiber keeps the forks that it has made and not joined. Internal; users have join().

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/config.hpp>
#include <heddle/rt/task_context.hpp>
#include <memory>
#include <new>

namespace heddle::inline v0::detail {

class pool_fiber;
class pool_engine;

/// What a part that is handed out runs as, made beforehand because it inherits values of the task's.
struct prepared_part {
    explicit prepared_part(const rt::task_context& parent) : context(&parent) {}
    rt::task_context context;
    prepared_part* next = nullptr;
};

/// How a fork has ended, as far as the one who made it is concerned.
enum class part_end : std::uint8_t {
    not_begun,  ///< nobody has taken it
    done,
    stopped,  ///< it threw, after it had been asked to stop
    failed,   ///< it threw, and before the first part did
};

/// For how long the first parts of one join in the program have run, in nanoseconds. Whoever has to decide
/// whether it is worth to wake a worker does not know how long they will run.
class fork_pace {
 public:
    /// As long as they have run lately; for ever as long as nobody knows.
    std::int64_t expected() const noexcept { return expected_.load(std::memory_order_relaxed); }
    bool unknown() const noexcept { return expected() == for_ever; }
    void note(std::int64_t took) noexcept {
        const std::int64_t before = expected();
        const std::int64_t now = before == for_ever ? took : std::max(took, before - before / 8);
        if (now != before) expected_.store(now, std::memory_order_relaxed);
    }

 private:
    static constexpr std::int64_t for_ever = INT64_MAX;
    std::atomic<std::int64_t> expected_{for_ever};
};

/// One fork. What is written when it is made, run and frame, is read by its own fiber, and by a thief after
/// it was published.
struct fork_slot {
    enum : std::uint32_t { open, waited_for, done };

    bool (*run)(void* frame) noexcept;  // the second part; whether it threw, and then the frame has the error
    void* frame;
    // The rest has a meaning once it is published.
    std::uint32_t word;
    part_end end;
    bool stopped;            // the part was asked to stop, and has seen it
    rt::part_request asked;  // by which the task was asked
    rt::task_context* task;  // that made it
    pool_fiber* waiter;      // valid once the state is waited_for
    prepared_part* part;     // the thief's once it has stolen the slot; null if nothing is inherited

    // Not an atomic member: that would be set to zero, in thousands of slots that nobody uses.
    std::atomic_ref<std::uint32_t> state() noexcept { return std::atomic_ref<std::uint32_t>(word); }
};

/// A task run in place by one that waits for it: the forks from here on are its own.
class HEDDLE_API fork_mark {
 public:
    fork_mark() noexcept;
    ~fork_mark();
    fork_mark(const fork_mark&) = delete;
    fork_mark& operator=(const fork_mark&) = delete;

 private:
    friend class fork_context;
    class fork_context* context_;
    fork_mark* outer_;
    fork_slot* from_;
    rt::task_context* task_;  // of those below
};

/// The forks of one fiber: an array of which the upper part is the fiber's own and the lower part public.
///
/// A fork is a push on the array, without a fence or a read-modify-write. The oldest is published at once if
/// such parts run for long, and the older half whenever an idle worker asks. Sources: J. van Dijk, J.
/// C. van de Pol, "Lace: Non-blocking Split Deque for Work-Stealing" (Euro-Par 2014 Workshops); U. A. Acar,
/// A. Charguéraud, M. Rainey, "Scheduling Parallel Programs by Work Stealing with Private Deques" (PPoPP
/// 2013).
///
/// Invariant: range_ is (tail, split). Slots below tail are stolen, those from tail to split are public,
/// those from split to top_ the fiber's own. Only the fiber changes split, in range_ and in its copy split_;
/// thieves add one to tail. A slot is stolen, or taken back by lowering split below it, by a compare-exchange
/// of range_, so one of both wins; that range_ may have been the same before does no harm, because a slot is
/// read after it was won. Forks are joined in the reverse order: if one is stolen, so are all before it, and
/// those after it are joined.
///
/// Orders: publishing releases the slots, stealing acquires them. The state of a slot: its thief releases
/// what the part did by storing done, and the fiber acquires it.
///
/// It lives as long as the pool, so that a thief may look at it at any time, and serves one fiber after the
/// other.
class HEDDLE_API fork_context final : public rt::stop_listener {
 public:
    fork_context() noexcept = default;
    fork_context(const fork_context&) = delete;
    fork_context& operator=(const fork_context&) = delete;

    /// That of the running fiber, null where nobody could steal. One load of a variable of the thread, by
    /// hand: a compiler may keep the address of such a variable over a change of fibers.
    static fork_context* current() noexcept {
        fork_context* c = nullptr;
#if defined(__x86_64__)
        asm volatile("movq heddle_0_1_thread_state@gottpoff(%%rip), %0\n\tmovq %%fs:(%0), %0" : "=r"(c));
#elif defined(__aarch64__)
        void* offset = nullptr;
        asm volatile(
            "adrp %1, :gottprel:heddle_0_1_thread_state\n\t"
            "ldr %1, [%1, :gottprel_lo12:heddle_0_1_thread_state]\n\t"
            "mrs %0, tpidr_el0\n\tldr %0, [%0, %1]"
            : "=&r"(c), "=&r"(offset));
#endif
        return c;
    }

    /// Makes a fork; null if there is no room, and then both parts are to be called in turn. @throws
    /// cancelled if the task was asked to stop, and then there is no fork
    fork_slot* fork(bool (*run)(void*) noexcept, void* frame, fork_pace& pace) {
        if (top_ == end_) [[unlikely]]
            if (!make_room()) return nullptr;
        fork_slot* const t = top_;
        t->run = run;
        t->frame = frame;
        top_ = t + 1;
        if (t < limit_.load(std::memory_order_relaxed)) [[unlikely]]
            poll(t, pace);
        return t;
    }

    /// The first part is over. If the second has not begun, it is to be called here; otherwise another worker
    /// has done it, and it was waited for.
    part_end join(fork_slot* t) noexcept {
        if (t >= limit_.load(std::memory_order_relaxed)) [[likely]] {
            top_ = t;
            return part_end::not_begun;
        }
        return join_slow(t);
    }

    /// The first part has thrown; as join(). The second is asked to stop if it has begun.
    part_end abandon(fork_slot* t) noexcept;

    /// For a loop that could be divided: whether somebody has nothing to do.
    bool wanted() noexcept;
    /// For a loop that begins: whether it is to be divided at once, because nothing else is there to be
    /// taken.
    bool nothing_forked() const noexcept { return top_ == split_; }

    // For the pool.

    /// Anybody: whether there is something to steal.
    bool offers() const noexcept {
        const std::uint64_t r = range_.load(std::memory_order_seq_cst);
        return tail_of(r) < split_of(r);
    }
    /// Anybody: asks the fiber to publish some, when it next forks or joins. @return false if somebody has
    bool ask() noexcept {
        if (limit_.load(std::memory_order_relaxed) == everything()) return false;
        asked_.store(true, std::memory_order_relaxed);
        limit_.store(everything(), std::memory_order_relaxed);
        return true;
    }
    /// Anybody: the task was asked to stop. The fiber looks whether that is so when it next forks.
    void stop_requested() noexcept override {
        stop_asked_.store(true, std::memory_order_relaxed);
        limit_.store(everything(), std::memory_order_relaxed);
    }
    /// Anybody: takes the oldest public one, null if there is none or another was faster.
    fork_slot* steal() noexcept;
    /// The fiber: another task begins on it.
    void begin() noexcept {
        if (base_ == nullptr) return;
        measured_ = nullptr;
        pace_ = nullptr;
        listening_to_ = nullptr;
        began_ = 0;
        asked_.store(false, std::memory_order_relaxed);
        stop_asked_.store(false, std::memory_order_relaxed);
        look_again();
    }
    /// The fiber: it is going to wait, and its task will not be current.
    void leave() noexcept { listening_to_ = nullptr; }
    /// The fiber: publishes all, because it is going to wait. Whether there is something to steal.
    bool publish_all() noexcept;
    void set_engine(pool_engine& e) noexcept { engine_ = &e; }
    bool empty() const noexcept { return top_ == base_.get(); }
    /// Its fiber is gone, and with it all its forks: gives the memory back.
    void clear() noexcept;

 private:
    friend class fork_mark;

    static fork_slot* everything() noexcept { return reinterpret_cast<fork_slot*>(UINTPTR_MAX); }
    static constexpr std::uint64_t pack(std::uint32_t tail, std::uint32_t split) noexcept {
        return std::uint64_t{tail} << 32 | split;
    }
    static constexpr std::uint32_t tail_of(std::uint64_t r) noexcept {
        return static_cast<std::uint32_t>(r >> 32);
    }
    static constexpr std::uint32_t split_of(std::uint64_t r) noexcept {
        return static_cast<std::uint32_t>(r);
    }
    std::uint32_t index(const fork_slot* t) const noexcept {
        return static_cast<std::uint32_t>(t - base_.get());
    }

    bool make_room() noexcept;
    void look_again() noexcept;
    void look_for_stop(fork_slot* t);
    [[gnu::cold]] void poll(fork_slot* t, fork_pace& pace);
    void begin_tree(fork_slot* t, fork_pace& pace) noexcept;
    void look_around() noexcept;
    void answer() noexcept;
    void forget_request() noexcept;
    void publish(std::uint32_t up_to) noexcept;
    void drop_parts(fork_slot* from, fork_slot* to) noexcept;
    bool has_run_for(std::int64_t time) noexcept;
    [[gnu::cold]] part_end join_slow(fork_slot* t) noexcept;
    bool take_back(fork_slot* t) noexcept;
    void wait_for(fork_slot* t) noexcept;

    struct release {
        void operator()(fork_slot* slots) const noexcept { ::operator delete(slots); }
    };

    fork_slot* top_ = nullptr;
    fork_slot* split_ = nullptr;
    fork_slot* end_ = nullptr;
    std::unique_ptr<fork_slot[], release> base_;
    fork_mark* mark_ = nullptr;
    pool_engine* engine_ = nullptr;
    fork_slot* measured_ = nullptr;  // the fork whose first part is being timed
    fork_pace* pace_ = nullptr;      // of the oldest one that is the fiber's own
    std::int64_t began_ = 0;         // when that was made, in nanoseconds; 0: not known
    const rt::task_context* listening_to_ = nullptr;
    unsigned polls_ = 0;  // looks around since then
    unsigned trees_ = 0;
    bool several_ = false;     // there are other workers
    bool prepared_ = false;    // a part was, once: there may be such that nobody has taken
    bool publishing_ = false;  // copies of locals are being made, and that may wait
    alignas(64) std::atomic<std::uint64_t> range_{0};
    // Forks and joins below this look around: those that are public, the oldest that is not, and all of them
    // if somebody has asked. It only says when to look: what was asked for is in the flags.
    std::atomic<fork_slot*> limit_{nullptr};
    std::atomic<bool> asked_{false};
    std::atomic<bool> stop_asked_{false};
};

}  // namespace heddle::inline v0::detail
