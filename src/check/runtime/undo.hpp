// SPDX-License-Identifier: BSL-1.0
#pragma once

// What a schedule has got from the kernel, so that it can be given back: mappings, files, signal handlers,
// names.

#include <cstdint>
#include "arena.hpp"
#include "system_watch.hpp"

namespace heddle::inline v0::check::runtime {

/// Lives in memory that going back does not change, zero at first. What a call does outside of the process,
/// to files and other processes, is not undone: it stays after the end of a forked copy too.
class undo_list {
 public:
    /// Makes the call, if it leaves nothing in the process that undo() cannot take away.
    watch_answer make(const watched_call& c) noexcept;

    void undo() noexcept;

 private:
    static constexpr unsigned max_spans = 128;
    static constexpr unsigned max_files = 128;
    static constexpr int n_signals = 64;

    struct span {
        std::uintptr_t begin;
        std::uintptr_t end;
    };
    bool holds(long begin, long size) const noexcept;
    bool holds_file(long fd) const noexcept;
    watch_answer map(const watched_call& c) noexcept;
    watch_answer make_file(const watched_call& c) noexcept;
    watch_answer make_two_files(const watched_call& c, long array) noexcept;
    watch_answer unmap(const watched_call& c) noexcept;
    watch_answer close(const watched_call& c) noexcept;
    watch_answer set_action(const watched_call& c) noexcept;
    watch_answer control_process(const watched_call& c) noexcept;

    span spans_[max_spans];
    unsigned n_spans_;
    std::int32_t files_[max_files];
    unsigned n_files_;
    std::uint64_t changed_actions_;  // by signal
    kernel_action actions_[n_signals];
    bool renamed_;
    char name_[16];
};

}  // namespace heddle::inline v0::check::runtime
