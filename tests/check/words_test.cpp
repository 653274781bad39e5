// SPDX-License-Identifier: BSL-1.0
// The words of a report: names as in the source, and a sentence for each step.
#include <check/explore/demangle.hpp>
#include <check/explore/event_text.hpp>

#include <gtest/gtest.h>
#include <string>

using namespace heddle::check;

namespace {

TEST(demangled, functions_are_without_parameters) {
    EXPECT_EQ(demangle("_ZN4bank8transferEii"), "bank::transfer");
    EXPECT_EQ(demangle("_ZNK4bank7balanceEv"), "bank::balance");
    EXPECT_EQ(demangle("_Z3addPFiiE"), "add") << "a parameter that has parentheses itself";
}

TEST(demangled, templates_are_without_arguments_and_result) {
    EXPECT_EQ(demangle("_Z3maxIiET_S0_S0_"), "max");
    EXPECT_EQ(demangle("_ZNSt6vectorIiSaIiEE9push_backERKi"), "std::vector::push_back");
}

TEST(demangled, operators_keep_their_names) {
    EXPECT_EQ(demangle("_ZN4workclEv"), "work::operator()");
    EXPECT_EQ(demangle("_ZN4workltERKS_"), "work::operator<");
    EXPECT_EQ(demangle("_ZN4workptEv"), "work::operator->");
    EXPECT_EQ(demangle("_ZN4workcvbEv"), "work::operator bool");
}

TEST(demangled, anonymous_namespaces_and_clones_do_not_show) {
    EXPECT_EQ(demangle("_ZN12_GLOBAL__N_15countE"), "count");
    EXPECT_EQ(demangle("_ZN12_GLOBAL__N_14workEi.constprop.0"), "work");
}

TEST(demangled, names_of_C_stay) {
    EXPECT_EQ(demangle("main"), "main");
    EXPECT_EQ(demangle("pthread_mutex_lock"), "pthread_mutex_lock");
    EXPECT_EQ(demangle("_Znonsense"), "_Znonsense");
    EXPECT_EQ(demangle(""), "");
}

TEST(step_words, a_step_names_what_it_is_on) {
    EXPECT_EQ(done_text(action::mutex_lock, "m"), "locks mutex m");
    EXPECT_EQ(done_text(action::write, "counter"), "writes counter");
    EXPECT_EQ(done_text(action::atomic_load, "flag"), "loads atomic flag");
    EXPECT_EQ(done_text(action::yield, ""), "yields");
    EXPECT_EQ(done_text(action::mutex_lock, ""), "locks");
}

TEST(step_words, a_wait_says_for_what) {
    EXPECT_EQ(waits_text(action::mutex_lock, "m"), "waits for mutex m");
    EXPECT_EQ(waits_text(action::thread_join, "T1"), "waits for the end of T1");
    EXPECT_EQ(waits_text(action::cond_wake, "ready"), "waits for a signal at condition ready");
    EXPECT_EQ(waits_text(action::write, "counter"), "is about to go on: writes counter");
}

TEST(step_words, every_action_has_some) {
    for (int a = 0; a <= static_cast<int>(action::exit); ++a) {
        EXPECT_NE(done_text(static_cast<action>(a), ""), "") << a;
        EXPECT_NE(waits_text(static_cast<action>(a), ""), "") << a;
    }
    EXPECT_EQ(done_text(static_cast<action>(200), ""), done_text(action::none, ""))
        << "one from a damaged channel";
    EXPECT_STREQ(object_word(action::semaphore_post), "semaphore");
    EXPECT_STREQ(object_word(action::read), "");
}

}  // namespace
