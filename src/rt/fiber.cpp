// SPDX-License-Identifier: BSL-1.0
#include <cxxabi.h>
#include <cstdio>
#include <exception>
#include <heddle/rt/fiber.hpp>
#include <utility>
#include "fiber_context.hpp"
#include "fiber_overflow.hpp"
#include "fiber_sanitizer.hpp"
#include "fiber_stack.hpp"
#include "process_wide.hpp"

namespace heddle::inline v0::rt {

namespace {

[[noreturn]] void misuse(const char* what, const std::string& name) noexcept {
    std::fprintf(stderr, "heddle: fiber '%s' %s\n", name.c_str(), what);
    std::terminate();
}

// Called while the exception is being handled, so that a terminate handler sees it.
[[noreturn, gnu::cold]] void escaped(const std::string& name) noexcept {
    const auto end = [&](const char* what) {
        std::fprintf(stderr, "heddle: an exception left fiber '%s': %s\n", name.c_str(), what);
        std::terminate();
    };
    try {
        throw;
    } catch (const std::exception& e) {
        end(e.what());
    } catch (...) {
        end("it is not a std::exception");
    }
    std::terminate();  // not reached
}

}  // namespace

fiber::fiber(fiber_options options, void (*entry)(void*), void* argument)
    : stack_(detail::take_stack(options)),
      entry_(entry),
      argument_(argument),
      name_(std::move(options.name)) {
    detail::install_overflow_handler();
    context_ = detail::make_context(stack_.top(), &fiber::main, this);
    sanitizer_fiber_ = detail::sanitizer_create_fiber(name_.c_str());
}

fiber::~fiber() {
    if (state_ == state::suspended || state_ == state::running)
        misuse("is destroyed before it has finished", name_);
    detail::sanitizer_destroy_fiber(sanitizer_fiber_);
    detail::give_stack(stack_);
}

[[gnu::noinline]] fiber* fiber::current() noexcept {
    asm volatile("" ::: "memory");  // keeps the compiler from treating two calls as one
    return detail::the_thread.running_fiber;
}

std::size_t fiber::stack_left() noexcept {
    const fiber* const self = current();
    if (self == nullptr) return SIZE_MAX;
    // Not the address of a variable: AddressSanitizer may keep those elsewhere.
    return static_cast<std::size_t>(static_cast<const std::byte*>(__builtin_frame_address(0)) -
                                    self->stack_.bottom());
}

void fiber::trim() noexcept {
    detail::trim_stack(stack_, static_cast<const std::byte*>(context_));
}

bool fiber::guards(const void* address) const noexcept {
    const auto at = reinterpret_cast<std::uintptr_t>(address);
    const auto low = reinterpret_cast<std::uintptr_t>(stack_.low);
    return at >= low && at - low < stack_.guard;
}

// The exceptions that a thread is handling are a list whose head is thread-local. The resumer exchanges it
// before and after, so that the fiber need not find the thread's slot again on a thread that may be another
// one by then.
void fiber::swap_exceptions(void* globals) noexcept {
    // The start of __cxa_eh_globals, which the C++ ABI fixes, is declared as `exceptions` is. Member by
    // member: a copy of the whole would read with one load what was stored with two, and a processor stalls
    // on that.
    auto& of_thread = *static_cast<exceptions*>(globals);
    std::swap(of_thread.caught, exceptions_.caught);
    std::swap(of_thread.uncaught, exceptions_.uncaught);
}

bool fiber::resume() noexcept {
    if (state_ == state::running) misuse("is resumed while it runs", name_);
    if (state_ == state::finished) misuse("is resumed after it has finished", name_);

    // A fiber comes back to the thread on which it was resumed, so both addresses stay right over the switch.
    detail::thread_state& thread = detail::the_thread;
    void* const globals = abi::__cxa_get_globals();
    if (!thread.prepared_for_overflow) [[unlikely]] {
        detail::prepare_thread_for_overflow();
        thread.prepared_for_overflow = true;
    }

    fiber* const outer = thread.running_fiber;
    thread.running_fiber = this;
    state_ = state::running;
    swap_exceptions(globals);

    void* frames = nullptr;
    sanitizer_resumer_ = detail::sanitizer_this_fiber();
    detail::sanitizer_leave(&frames, stack_.bottom(), stack_.size, sanitizer_fiber_);
    heddle_fiber_switch(&resumer_, context_);
    detail::sanitizer_arrive(frames, nullptr, nullptr);

    swap_exceptions(globals);
    thread.running_fiber = outer;

    if (state_ == state::finished) return true;
    const auto after = after_;
    void* const argument = after_argument_;
    if (after != nullptr) after(argument);  // from here on the fiber may be somebody else's
    return false;
}

void fiber::suspend(void (*after)(void*) noexcept, void* argument) noexcept {
    fiber* const self = current();
    if (self == nullptr) {
        std::fputs("heddle: fiber::suspend() is called outside a fiber\n", stderr);
        std::terminate();
    }
    self->after_ = after;
    self->after_argument_ = argument;
    self->state_ = state::suspended;
    detail::sanitizer_leave(&self->sanitizer_frames_, self->sanitizer_resumer_stack_,
                            self->sanitizer_resumer_size_, self->sanitizer_resumer_);
    heddle_fiber_switch(&self->context_, self->resumer_);
    detail::sanitizer_arrive(self->sanitizer_frames_, &self->sanitizer_resumer_stack_,
                             &self->sanitizer_resumer_size_);
}

void fiber::main(fiber* self) noexcept {
    detail::sanitizer_arrive(nullptr, &self->sanitizer_resumer_stack_, &self->sanitizer_resumer_size_);
    try {
        self->entry_(self->argument_);
    } catch (...) {
        escaped(self->name_);
    }
    self->leave();
}

void fiber::leave() noexcept {
    state_ = state::finished;
    // Null: this stack has no frames to come back to.
    detail::sanitizer_leave(nullptr, sanitizer_resumer_stack_, sanitizer_resumer_size_, sanitizer_resumer_);
    heddle_fiber_switch(&context_, resumer_);
    __builtin_unreachable();
}

}  // namespace heddle::inline v0::rt
