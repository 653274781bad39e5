// SPDX-License-Identifier: BSL-1.0
#pragma once

// A failure in words: what each thread did that matters, where, and what it waits for at the end. Reports are
// this, laid out in one way or another.

#include <check/explore/finding.hpp>
#include <check/explore/symbols.hpp>
#include <cstdint>
#include <string>
#include <vector>

namespace heddle::inline v0::check {

struct place {
    std::string function;
    std::string file;
    int line = 0;
    std::string source;  ///< the text of the line
    bool own = false;    ///< in the program's own code
};

struct thread_story {
    std::string label;       ///< "main", "T1"
    std::string name;        ///< of the thread, or of the function that it runs
    std::string created_by;  ///< label; empty for the main thread
    place created_at;
    std::string at_end;  ///< "waits for mutex m, held by T2 since bank.cpp:14"; empty if it has ended
    std::vector<place> stack;
};

struct step_story {
    std::size_t thread = 0;
    std::string what;
    place at;
    std::uint64_t left_out = 0;  ///< steps of this thread before it that are not shown
    bool preempted = false;      ///< the thread before it could have gone on
};

struct access_story {
    std::size_t thread = 0;
    std::string what;  ///< "writes counter (4 bytes)"
    std::vector<place> stack;
};

struct race_story {
    access_story first, second;
};

struct story {
    std::vector<thread_story> threads;
    std::vector<step_story> steps;
    std::uint64_t steps_before = 0;  ///< of a very long schedule only the end is told
    std::vector<std::string> cycle;  ///< of a deadlock: a sentence for each thread in it
    std::vector<std::string> notes;  ///< the signal that nobody heard …
    std::vector<race_story> races;
    std::size_t failed_thread = 0;
    std::vector<place> failed_stack;  ///< empty unless a thread failed at a place
};

story tell(const finding& f, const symbols& names);

/// "file:line" of a place; the function where the line is not known.
std::string where(const place& p);

}  // namespace heddle::inline v0::check
