// SPDX-License-Identifier: BSL-1.0
// Recordings made by hand: where threads change, and which schedule comes after.
#include <check/explore/bounded.hpp>
#include <check/explore/report_text.hpp>
#include <check/explore/switches.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <algorithm>
#include <set>
#include <sstream>
#include <string>
#include <vector>

using namespace heddle::check;
using testing::HasSubstr;
using testing::Not;

namespace {

event step(std::uint32_t thread, unsigned flags, std::uint64_t candidates = 3, action what = action::yield) {
    event e{};
    e.thread = thread;
    e.slot = static_cast<std::uint16_t>(thread);
    e.flags = static_cast<std::uint8_t>(flags);
    e.candidates = candidates;
    e.what = what;
    return e;
}

event number(std::uint32_t thread, std::uint64_t value, std::uint64_t of) {
    event e = step(thread, event_chosen, of, action::choose);
    e.value = value;
    return e;
}

recording of(std::vector<event> events, unsigned threads = 2) {
    recording r{};
    r.events = std::move(events);
    for (unsigned t = 0; t < threads; ++t) {
        thread_record record{};
        record.path = t == 0 ? 1 : thread_path(1, t);
        record.ordinal = t;
        record.state = thread_state::ready;
        r.threads.push_back(record);
    }
    r.outcome.steps = r.events.size();
    r.outcome.threads = threads;
    return r;
}

TEST(switches, there_are_none_where_each_goes_on_as_long_as_it_can) {
    const recording r = of({step(0, event_default | event_only), step(0, event_default),
                            step(1, event_default | event_forced), step(1, event_default)});
    EXPECT_TRUE(switches_of(r).empty());
    EXPECT_EQ(preemptions_of(r), 0u);
}

TEST(switches, one_is_at_a_step_of_the_thread_that_it_takes_away_from) {
    const recording r =
        of({step(0, event_default), step(0, event_default), step(1, 0), step(1, event_default), step(0, 0)});
    const auto s = switches_of(r);
    ASSERT_EQ(s.size(), 2u);
    EXPECT_EQ(s[0].thread, r.threads[0].path);
    EXPECT_EQ(s[0].step, 2u);
    EXPECT_EQ(s[0].next, r.threads[1].path);
    EXPECT_EQ(s[1].thread, r.threads[1].path);
    EXPECT_EQ(s[1].step, 2u);
    EXPECT_EQ(s[1].next, r.threads[0].path);
    EXPECT_EQ(preemptions_of(r), 2u);
}

TEST(switches, who_stands_back_or_cannot_go_on_is_not_preempted) {
    const recording r = of({step(0, event_default), step(1, event_forced), step(0, event_stood_back)});
    EXPECT_EQ(preemptions_of(r), 0u);
    EXPECT_EQ(switches_of(r).size(), 2u) << "but it was a choice who goes on";
}

TEST(switches, a_number_that_is_not_the_first_is_one) {
    const recording r = of({step(0, event_default), number(0, 0, 3), number(0, 2, 3)});
    const auto s = switches_of(r);
    ASSERT_EQ(s.size(), 1u);
    EXPECT_EQ(s[0].chosen, 1u);
    EXPECT_EQ(s[0].next, 2u);
    EXPECT_EQ(s[0].step, 2u);
    EXPECT_EQ(preemptions_of(r), 0u);
}

TEST(switches, a_recording_with_unknown_threads_is_read_as_far_as_it_goes) {
    EXPECT_TRUE(switches_of(of({step(7, 0)})).empty());
    EXPECT_TRUE(switches_of(recording{}).empty());
}

// Two threads of `n` steps each, of which each can always go, run by decisions.
std::vector<std::uint16_t> run(const std::vector<std::uint16_t>& prefix, unsigned n, recording& r) {
    unsigned left[2] = {n, n};
    std::uint16_t at = 0;
    std::size_t decisions = 0;
    std::vector<std::uint16_t> order;
    std::vector<event> events;
    while (left[0] + left[1] > 0) {
        const bool could_go_on = left[at] > 0;
        const bool choice = left[0] > 0 && left[1] > 0;
        std::uint16_t next = could_go_on ? at : static_cast<std::uint16_t>(1 - at);
        if (choice && decisions < prefix.size()) next = prefix[decisions];
        if (choice) ++decisions;
        events.push_back(
            step(next, (could_go_on ? 0u : unsigned{event_forced}) | (choice ? 0u : unsigned{event_only}),
                 (left[0] > 0 ? 1u : 0u) | (left[1] > 0 ? 2u : 0u)));
        --left[next];
        order.push_back(next);
        at = next;
    }
    r = of(events);
    return order;
}

unsigned preemptions(const std::vector<std::uint16_t>& order, unsigned n) {
    unsigned count = 0;
    unsigned left[2] = {n, n};
    std::uint16_t at = 0;
    for (const std::uint16_t next : order) {
        if (next != at && left[at] > 0) ++count;
        --left[next];
        at = next;
    }
    return count;
}

// All schedules that the enumeration visits.
std::set<std::vector<std::uint16_t>> enumerate(unsigned bound, unsigned n, bool& limited) {
    bounded_enumeration all(bound);
    std::set<std::vector<std::uint16_t>> seen;
    recording r;
    do {
        EXPECT_TRUE(seen.insert(run(all.prefix(), n, r)).second) << "visited twice";
        if (seen.size() > 1000) break;
    } while (all.advance(r));
    limited = all.limited();
    return seen;
}

TEST(enumeration, a_bound_lets_exactly_the_schedules_within_it_through) {
    bool limited = false;
    const auto everything = enumerate(100, 3, limited);
    EXPECT_EQ(everything.size(), 20u) << "3 of 6 steps are one thread's";
    EXPECT_FALSE(limited);
    for (unsigned bound = 0; bound < 4; ++bound) {
        const auto expected = static_cast<std::size_t>(
            std::count_if(everything.begin(), everything.end(),
                          [&](const auto& order) { return preemptions(order, 3) <= bound; }));
        const auto seen = enumerate(bound, 3, limited);
        EXPECT_EQ(seen.size(), expected) << bound;
        for (const auto& order : seen) EXPECT_LE(preemptions(order, 3), bound);
        EXPECT_TRUE(limited) << bound;
    }
}

TEST(enumeration, a_schedule_without_a_choice_is_the_only_one) {
    bounded_enumeration all(2);
    EXPECT_FALSE(all.advance(of({step(0, event_only, 1), step(0, event_only, 1)}, 1)));
    EXPECT_FALSE(all.limited());
}

TEST(enumeration, every_number_is_chosen) {
    bounded_enumeration all(0);
    std::vector<std::uint64_t> seen;
    for (bool more = true; more;) {
        const std::uint64_t value = all.prefix().empty() ? 0 : all.prefix()[0];
        seen.push_back(value);
        ASSERT_LT(seen.size(), 10u);
        more = all.advance(of({number(0, value, 3)}, 1));
    }
    EXPECT_EQ(seen, (std::vector<std::uint64_t>{0, 1, 2}));
}

std::size_t widest(const std::string& text) {
    std::size_t most = 0;
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) {
        const auto n = std::count_if(line.begin(), line.end(),
                                     [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; });
        most = std::max(most, static_cast<std::size_t>(n));
    }
    return most;
}

finding example() {
    finding f;
    f.kind = failure_kind::deadlock;
    f.message = "no thread can go on";
    f.schedule = 12;
    f.found_by = "pct 3, seed 17";
    f.preemptions = 1;
    f.replay_file = "a.replay";
    f.shown = of({step(0, event_default | event_only, 1, action::thread_create),
                  step(0, event_default | event_writes, 3, action::mutex_lock),
                  step(1, event_writes, 3, action::mutex_lock),
                  step(0, event_default | event_forced | event_writes, 3, action::mutex_unlock)});
    f.shown.events[0].value = 1;
    for (std::size_t i = 1; i < f.shown.events.size(); ++i) f.shown.events[i].address = 0x1000;
    f.shown.outcome.how = verdict::deadlock;
    return f;
}

TEST(check_report, says_what_where_and_how_to_see_it_again) {
    const symbols names(::getpid());
    const std::string text = report_text(example(), names, {.width = 100, .colour = false});
    EXPECT_THAT(text, HasSubstr("deadlock: no thread can go on\n"));
    EXPECT_THAT(text, HasSubstr("found in schedule 12 by pct 3, seed 17; 1 preemption\n"));
    EXPECT_THAT(text, HasSubstr("run it again: heddle check --replay a.replay\n"));
    EXPECT_THAT(text, Not(HasSubstr("\x1b[")));
    EXPECT_THAT(report_text(example(), names, {.width = 100, .colour = true}), HasSubstr("\x1b["));
}

TEST(check_report, keeps_within_the_terminal) {
    const symbols names(::getpid());
    for (const unsigned width : {60u, 80u, 100u, 200u}) {
        const std::string text = report_text(example(), names, {.width = width, .colour = false});
        EXPECT_LE(widest(text), width) << text;
        EXPECT_THAT(text, HasSubstr("──  ──")) << "two columns";
    }
    const std::string narrow = report_text(example(), names, {.width = 40, .colour = false});
    EXPECT_THAT(narrow, Not(HasSubstr("──"))) << "one below the other where there is no room for two";
    EXPECT_THAT(narrow, HasSubstr("T1"));
}

TEST(check_report, of_a_recording_without_steps_is_its_heading) {
    const symbols names(::getpid());
    finding f;
    f.kind = failure_kind::hang;
    f.message = "it waits for something outside";
    f.found_by = "x.replay";
    EXPECT_THAT(report_text(f, names, {}), HasSubstr("replayed from x.replay"));
}

}  // namespace
