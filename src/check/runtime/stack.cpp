// SPDX-License-Identifier: BSL-1.0
#include "stack.hpp"

#include <execinfo.h>

namespace heddle::inline v0::check::runtime {

void prepare_stacks() noexcept {
    void* frames[4];
    ::backtrace(frames, 4);  // loads libgcc_s
}

std::uint32_t record_stack(const void* pc) noexcept {
    outcome& out = engine.shared->outcome;
    // Unwinding takes locks of the loader: nobody else may run meanwhile, and nothing here is a point.
    thread* const controlled_before = current_thread;
    current_thread = nullptr;
    void* frames[max_stack + 16];
    const int n = ::backtrace(frames, max_stack + 16);
    current_thread = controlled_before;

    int begin = 0;
    while (begin < n && frames[begin] != pc) ++begin;
    if (begin == n)
        begin = n > 3 ? 3 : 0;  // the pc is not a return address: leave out the runtime's own frames
    stack_record& record = engine.shared->stacks[out.stacks % max_stacks];
    record.depth = 0;
    for (int i = begin; i < n && record.depth < max_stack; ++i) record.pc[record.depth++] = bits(frames[i]);
    return ++out.stacks;
}

std::uint32_t record_call_stack(const thread& me, const void* pc) noexcept {
    outcome& out = engine.shared->outcome;
    stack_record& record = engine.shared->stacks[out.stacks % max_stacks];
    record.depth = 0;
    record.pc[record.depth++] = bits(pc);
    for (std::uint32_t i = me.running->depth; i > 0 && record.depth < max_stack; --i)
        if (i <= max_calls) record.pc[record.depth++] = bits(me.running->calls[i - 1]);
    return ++out.stacks;
}

}  // namespace heddle::inline v0::check::runtime
