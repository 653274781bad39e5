// SPDX-License-Identifier: BSL-1.0
#include "fiber_overflow.hpp"

#include <signal.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstring>
#include <heddle/rt/fiber.hpp>
#include <heddle/rt/task_context.hpp>
#include <heddle/rt/word_lock.hpp>
#include <mutex>
#include <string_view>
#include "process_wide.hpp"

namespace heddle::inline v0::rt::detail {

namespace {

// Written once, before the handler that reads it is installed.
struct sigaction previous;

// Only calls that are safe in a signal handler, so no stdio and no allocation.
class report {
 public:
    report& operator<<(std::string_view text) noexcept {
        const std::size_t n = std::min(text.size(), sizeof buffer_ - size_);
        std::memcpy(buffer_ + size_, text.data(), n);
        size_ += n;
        return *this;
    }
    report& operator<<(std::size_t number) noexcept {
        char digits[20];
        std::size_t first = sizeof digits;
        do {
            digits[--first] = static_cast<char>('0' + number % 10);
            number /= 10;
        } while (number != 0);
        return *this << std::string_view(digits + first, sizeof digits - first);
    }
    void write() const noexcept { [[maybe_unused]] const auto n = ::write(STDERR_FILENO, buffer_, size_); }

 private:
    char buffer_[512];
    std::size_t size_ = 0;
};

// Whoever handled SIGSEGV before gets it as if we were not here.
void pass_on(int signal, siginfo_t* info, void* context) noexcept {
    if ((previous.sa_flags & SA_SIGINFO) != 0) {
        previous.sa_sigaction(signal, info, context);
        return;
    }
    const bool sent = info->si_code <= 0;  // by kill() and the like, so that it will not come again by itself
    if (previous.sa_handler == SIG_IGN && sent) return;
    if (previous.sa_handler != SIG_DFL && previous.sa_handler != SIG_IGN) {
        previous.sa_handler(signal);
        return;
    }
    // The default action: on return the instruction faults again, so that a core file shows the right place.
    struct sigaction fallback{};
    fallback.sa_handler = SIG_DFL;
    ::sigaction(signal, &fallback, nullptr);
    if (sent) ::raise(signal);  // it is blocked until the handler returns
}

void on_fault(int signal, siginfo_t* info, void* context) noexcept {
    const fiber* const f = fiber::current();
    if (f == nullptr || info->si_code <= 0 || !f->guards(info->si_addr)) {
        pass_on(signal, info, context);
        return;
    }
    // The fibers of a pool run one task after the other: who overflowed is the task. What it did when it
    // overflowed is unknown, it may hold the lock of the heap.
    const task_context* const task = the_thread.task;
    char of_task[200];
    const std::size_t n = task != nullptr ? task->copy_name(of_task, sizeof of_task) : 0;
    const std::string_view name = n != 0 ? std::string_view(of_task, n) : std::string_view(f->name());
    (report() << "heddle: stack overflow in fiber '" << name.substr(0, sizeof of_task) << "' (stack of "
              << f->stack_size() / 1024 << " KB; set a larger stack_size)\n")
        .write();
    // There is no way on from here. The instruction faults again and finds the previous handler, or the
    // default.
    ::sigaction(signal, &previous, nullptr);
}

// The alternate stack of a thread that had none; gone with the thread.
class signal_stack {
 public:
    signal_stack() noexcept {
        stack_t old{};
        if (::sigaltstack(nullptr, &old) != 0 || (old.ss_flags & SS_DISABLE) == 0) return;
        // What the kernel stores there grows with the processor's registers, and a chained handler may be a
        // big one.
        const std::size_t size = 64 * 1024 + static_cast<std::size_t>(::getauxval(AT_MINSIGSTKSZ));
        void* const low =
            ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (low == MAP_FAILED) return;  // then an overflow ends the program without the message
        stack_t mine{};
        mine.ss_sp = low;
        mine.ss_size = size;
        if (::sigaltstack(&mine, nullptr) == 0) {
            low_ = low;
            size_ = size;
        } else {
            ::munmap(low, size);
        }
    }
    ~signal_stack() {
        if (low_ == nullptr) return;
        stack_t now{};
        if (::sigaltstack(nullptr, &now) == 0 && now.ss_sp == low_) {
            stack_t none{};
            none.ss_flags = SS_DISABLE;
            ::sigaltstack(&none, nullptr);
        }
        ::munmap(low_, size_);
    }
    signal_stack(const signal_stack&) = delete;
    signal_stack& operator=(const signal_stack&) = delete;

 private:
    void* low_ = nullptr;
    std::size_t size_ = 0;
};

}  // namespace

void install_overflow_handler() noexcept {
    auto& installed = the_process.reports_overflow;         // one handler is enough for all copies of heddle
    if (installed.load(std::memory_order_acquire)) return;  // acquire: `previous` is written
    std::lock_guard hold(the_process.installing);
    if (installed.load(std::memory_order_relaxed)) return;
    struct sigaction mine{};
    mine.sa_sigaction = on_fault;
    mine.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigemptyset(&mine.sa_mask);
    // Read first, so that there is something to pass a fault on to from the moment the handler is there.
    if (::sigaction(SIGSEGV, nullptr, &previous) == 0) ::sigaction(SIGSEGV, &mine, nullptr);
    installed.store(true, std::memory_order_release);
}

void prepare_thread_for_overflow() noexcept {
    static thread_local signal_stack stack;
    // Named, because an object that nobody touches would never be made.
    [[maybe_unused]] const signal_stack& made = stack;
}

}  // namespace heddle::inline v0::rt::detail
