// SPDX-License-Identifier: BSL-1.0
#pragma once

// A fiber is a stack with a suspended computation on it. It has no scheduler: it runs when a thread resumes
// it, on that thread, until it suspends itself or ends. It is what lets a task wait in the middle of ordinary
// code and leave its worker free; users write tasks and pools, and only rt/ and the pools touch fibers. A
// coroutine needs less memory and cannot suspend from inside a function that it calls; a fiber can.
//
// What a fiber keeps when it goes on, perhaps on another thread: its stack, the callee-saved registers, and
// the state of exceptions being handled (a suspend inside a catch block is fine). What it does not keep:
// anything that belongs to the thread, such as errno, thread_local objects and their addresses,
// pthread_self() and a held std::mutex; and the floating point modes (rounding, flush to zero, exception
// masks), which are the thread's: code that changes them puts them back before it suspends, and so each
// switch saves the time of reading and writing two control words.
//
// Built for x86-64 and AArch64. The tests of rt/, sync/ and task/ were run for the latter under emulation
// (QEMU on x86-64), which is no test of memory orders, and never on such a machine. Hardware shadow stacks do
// not know about fibers; the switch is not marked as compatible with them, so the linker leaves them off.

#include <cstddef>
#include <heddle/rt/config.hpp>
#include <string>

namespace heddle::inline v0::rt {

/// What a fiber is made with. Sizes are bytes, rounded up to whole pages.
struct fiber_options {
    /// Address space for the stack; memory is used only where the stack has been. At least 16 KB.
    std::size_t stack_size = std::size_t{1} << 20;
    /// Inaccessible space below the stack, which turns an overflow into a report. At least 64 KB; a function
    /// with a larger frame than that can step over it, unless it is compiled with -fstack-clash-protection.
    std::size_t guard_size = std::size_t{64} << 10;
    /// Named in the report of an overflow or of an escaped exception.
    std::string name = "fiber";
};

namespace detail {

/// A stack with the guard below it.
struct fiber_stack {
    std::byte* low = nullptr;  // of the guard
    std::size_t guard = 0;
    std::size_t size = 0;

    std::byte* bottom() const noexcept { return low + guard; }
    std::byte* top() const noexcept { return low + guard + size; }
};

}  // namespace detail

/// A suspended computation with a stack of its own.
class HEDDLE_API fiber {
 public:
    /// Makes a fiber that calls `entry(argument)` when it is first resumed.
    ///
    /// An exception that leaves `entry` ends the program with a message that names the fiber.
    /// Throws: std::system_error if there is no memory for a stack. Complexity: a stack that an ended fiber
    /// has left, otherwise two or three system calls.
    fiber(fiber_options options, void (*entry)(void*), void* argument);

    /// Gives the stack back. The fiber must be finished or never have run: what is on the stack of a
    /// suspended one would not be destroyed, so that ends the program with a message.
    ~fiber();

    fiber(const fiber&) = delete;
    fiber& operator=(const fiber&) = delete;

    /// Runs the fiber on the calling thread until it suspends or ends, and says whether it ended.
    ///
    /// When it returns false the fiber may already be running on another thread, or be gone, if the callback
    /// given to suspend() made it known to others: do not touch it then. A fiber may resume another one.
    /// Resuming one that is running or finished ends the program with a message. Blocks: for as long as the
    /// fiber runs. Thread-safety: one thread at a time; whoever resumes it next must have synchronised with
    /// the callback of its last suspend().
    bool resume() noexcept;

    /// Suspends the fiber that is running and goes on in whoever resumed it, after calling `after(argument)`
    /// there.
    ///
    /// `after` runs when nothing uses the fiber's stack any more. It is the place to make the fiber known to
    /// those who will resume it: done earlier, another thread could run on a stack that is still in use. May
    /// be null. Returns on the thread that resumes the fiber next. Outside a fiber it ends the program with a
    /// message.
    static void suspend(void (*after)(void*) noexcept, void* argument) noexcept;

    /// The fiber that the calling thread runs, null if none. Never inlined, because the answer's place in
    /// memory changes with the thread, and a compiler would keep the address across a suspend().
    [[gnu::noinline]] static fiber* current() noexcept;

    /// How many bytes of the running fiber's stack are left below the caller; no limit outside a fiber.
    static std::size_t stack_left() noexcept;

    /// Whether `entry` has returned. Thread-safety: as resume().
    bool finished() const noexcept { return state_ == state::finished; }

    /// The name it was made with.
    const std::string& name() const noexcept { return name_; }

    /// The size of its stack in bytes, without the guard.
    std::size_t stack_size() const noexcept { return stack_.size; }

    /// The size of the guard in bytes.
    std::size_t guard_size() const noexcept { return stack_.guard; }

    /// Gives back what the fiber has used of its stack and does not use now, but for a little, if it seems to
    /// be more. Must not be running. Complexity: some tens of nanoseconds if there is nothing to give back, a
    /// system call otherwise. Thread-safety: as resume().
    void trim() noexcept;

    /// Whether `address` lies in the guard of this fiber's stack. Async-signal-safe.
    bool guards(const void* address) const noexcept;

 private:
    enum class state : unsigned char { fresh, suspended, running, finished };

    // The part of __cxa_eh_globals that belongs to the computation and not to the thread.
    struct exceptions {
        void* caught = nullptr;
        unsigned uncaught = 0;
    };

    static void main(fiber* self) noexcept;
    [[noreturn]] void leave() noexcept;
    void swap_exceptions(void* globals) noexcept;

    void* context_ = nullptr;  // where it is suspended
    void* resumer_ = nullptr;  // where whoever resumed it waits
    void (*after_)(void*) noexcept = nullptr;
    void* after_argument_ = nullptr;
    exceptions exceptions_;
    state state_ = state::fresh;
    detail::fiber_stack stack_;
    void (*entry_)(void*);
    void* argument_;
    std::string name_;

    // For the sanitizers. Always here, so that the layout does not depend on how the user compiles.
    void* sanitizer_fiber_ = nullptr;
    void* sanitizer_resumer_ = nullptr;
    void* sanitizer_frames_ = nullptr;
    const void* sanitizer_resumer_stack_ = nullptr;
    std::size_t sanitizer_resumer_size_ = 0;
};

}  // namespace heddle::inline v0::rt
