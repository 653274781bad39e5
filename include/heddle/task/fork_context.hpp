// SPDX-License-Identifier: BSL-1.0
#pragma once

// Where a task on a fiber keeps the forks that it has made and not joined. Internal; users have join().

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <heddle/rt/config.hpp>
#include <heddle/rt/task_context.hpp>
#include <memory>

namespace heddle::inline v0::detail {

class pool_fiber;
class pool_engine;

/// What a part that is handed out runs as, made beforehand because it inherits values of the task's.
struct prepared_part {
    explicit prepared_part(const rt::task_context& parent) : context(&parent) {}
    rt::task_context context;
    prepared_part* next = nullptr;
};

/// One fork. What is written when it is made, run and frame, is read by its own fiber, and by a thief after
/// it was published.
struct fork_slot {
    enum : std::uint32_t { open, waited_for, done };

    bool (*run)(
        void* frame) noexcept;  // the second part; whether it failed, and then the frame has the error
    void* frame;
    // The rest has a meaning once it is published.
    std::uint32_t word;
    bool failed;             // the part, by itself: the task was asked to stop
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
/// A fork is a push on the array, without a fence or a read-modify-write. Only when an idle worker asks is
/// the older half published. Sources: J. van Dijk, J. C. van de Pol, "Lace: Non-blocking Split Deque for
/// Work-Stealing" (Euro-Par 2014 Workshops); U. A. Acar, A. Charguéraud, M. Rainey, "Scheduling Parallel
/// Programs by Work Stealing with Private Deques" (PPoPP 2013).
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
class HEDDLE_API fork_context {
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
    fork_slot* fork(bool (*run)(void*) noexcept, void* frame) {
        if (top_ == end_) [[unlikely]]
            if (!make_room()) return nullptr;
        fork_slot* const t = top_;
        t->run = run;
        t->frame = frame;
        top_ = t + 1;
        if (t < limit_.load(std::memory_order_relaxed)) [[unlikely]]
            poll(t);
        return t;
    }

    /// The first part is over: true if the second is to be called here. Otherwise another worker has done it,
    /// and it was waited for.
    bool join(fork_slot* t) noexcept {
        if (t >= split_) [[likely]] {
            top_ = t;
            return true;
        }
        return join_slow(t);
    }

    /// The first part has thrown. True if the second one, done elsewhere, had failed before.
    bool abandon(fork_slot* t) noexcept;

    /// For a loop that could be divided: whether somebody has nothing to do.
    bool wanted() noexcept {
        if (limit_.load(std::memory_order_relaxed) == asked()) return true;
        if (!worth_waking()) return false;
        ask();  // so that the fork that follows is published
        return true;
    }

    // For the pool.

    /// Anybody: whether there is something to steal.
    bool offers() const noexcept {
        const std::uint64_t r = range_.load(std::memory_order_relaxed);
        return tail_of(r) < split_of(r);
    }
    /// Anybody: asks the fiber to publish some.
    void ask() noexcept {
        if (limit_.load(std::memory_order_relaxed) != asked())
            limit_.store(asked(), std::memory_order_relaxed);
    }
    /// Anybody: takes the oldest public one, null if there is none or another was faster.
    fork_slot* steal() noexcept;
    /// The fiber: another task begins on it.
    void begin() noexcept {
        polls_ = 0;
        if (base_ != nullptr) limit_.store(base_.get() + shallow, std::memory_order_relaxed);
    }
    /// The fiber: publishes all, because it is going to wait. Whether there is something to steal.
    bool publish_all() noexcept;
    void set_engine(pool_engine& e) noexcept { engine_ = &e; }
    bool empty() const noexcept { return top_ == base_.get(); }
    /// Its fiber is gone, and with it all its forks: gives the memory back.
    void clear() noexcept;

 private:
    friend class fork_mark;

    // Forks of so small a depth always look whether somebody sleeps. In a tree they are few, and yet come
    // often enough: each 1/16 of the time that the whole takes.
    static constexpr std::ptrdiff_t shallow = 4;

    static fork_slot* asked() noexcept { return reinterpret_cast<fork_slot*>(UINTPTR_MAX); }
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
    [[gnu::cold]] void poll(fork_slot* t);
    void publish(std::uint32_t up_to) noexcept;
    void drop_parts(fork_slot* from, fork_slot* to) noexcept;
    bool worth_waking() noexcept;
    [[gnu::cold]] bool join_slow(fork_slot* t) noexcept;
    bool take_back(fork_slot* t) noexcept;
    void wait_for(fork_slot* t) noexcept;

    fork_slot* top_ = nullptr;
    fork_slot* split_ = nullptr;
    fork_slot* end_ = nullptr;
    std::unique_ptr<fork_slot[]> base_;
    fork_mark* mark_ = nullptr;
    pool_engine* engine_ = nullptr;
    unsigned polls_ = 0;
    bool prepared_ = false;    // a part was, once: there may be such that nobody has taken
    bool publishing_ = false;  // copies of locals are being made, and that may wait
    std::int64_t began_ = 0;   // when the task made its first fork, in nanoseconds
    alignas(64) std::atomic<std::uint64_t> range_{0};
    // Forks below this look whether somebody wants work: those near the root of the recursion always, all of
    // them if a worker has asked.
    std::atomic<fork_slot*> limit_{nullptr};
};

}  // namespace heddle::inline v0::detail
