// SPDX-License-Identifier: BSL-1.0
// Recordings made by hand, of schedules that did not end: who goes round, and who starves.
#include <check/explore/standstill.hpp>

#include <gtest/gtest.h>
#include <string>

using namespace heddle::check;

namespace {

constexpr std::uint64_t both = 3;  // the first two slots

class recorded {
 public:
    explicit recorded(unsigned threads) {
        for (unsigned t = 0; t < threads; ++t) {
            thread_record record{};
            record.state = thread_state::ready;
            record.slot = static_cast<std::uint16_t>(t);
            r.threads.push_back(record);
        }
    }
    recorded& step(std::uint32_t thread, action what, std::uint64_t pc, std::uint64_t value = 0,
                   std::uint64_t candidates = both) {
        event e{};
        e.thread = thread;
        e.slot = static_cast<std::uint16_t>(thread);
        e.what = what;
        e.pc = pc;
        e.address = 0x1000;
        e.value = value;
        e.candidates = candidates;
        r.events.push_back(e);
        return *this;
    }
    recording r{};
};

TEST(standstill, two_threads_that_go_round_are_a_livelock) {
    recorded r(2);
    for (int i = 0; i < 500; ++i)
        r.step(0, action::mutex_lock, 10).step(0, action::mutex_unlock, 11).step(1, action::atomic_load, 20);
    const standstill s = look_at_standstill(r.r);
    EXPECT_EQ(s.kind, failure_kind::livelock);
    ASSERT_EQ(s.circling.size(), 2u);
    EXPECT_EQ(s.circling[0].round.size(), 2u);
    EXPECT_FALSE(s.circling[0].only_looks);
    EXPECT_TRUE(s.circling[1].only_looks);
    EXPECT_EQ(describe(s), "main and T1 go round the same steps and get nowhere");
}

TEST(standstill, one_that_waits_in_a_loop_spins) {
    recorded r(2);
    r.r.threads[0].state = thread_state::blocked;
    for (int i = 0; i < 500; ++i) r.step(1, action::atomic_load, 10, 7, 2).step(1, action::yield, 11, 0, 2);
    const standstill s = look_at_standstill(r.r);
    EXPECT_EQ(s.kind, failure_kind::endless_spin);
    EXPECT_EQ(describe(s), "T1 waits in a loop for what nobody does");
}

TEST(standstill, one_that_could_go_on_and_is_never_chosen_starves) {
    recorded r(2);
    for (int i = 0; i < 500; ++i) r.step(0, action::atomic_load, 10);
    const standstill s = look_at_standstill(r.r);
    EXPECT_EQ(s.kind, failure_kind::starvation);
    EXPECT_EQ(s.starved, std::vector<std::uint32_t>{1});
    EXPECT_EQ(describe(s), "T1 could go on, and others are chosen every time");
}

TEST(standstill, one_that_waits_in_a_loop_while_another_gets_on_starves) {
    recorded r(2);
    for (std::uint64_t i = 0; i < 500; ++i)
        r.step(0, action::write, 10, i).step(1, action::mutex_trylock, 20);
    const standstill s = look_at_standstill(r.r);
    EXPECT_EQ(s.kind, failure_kind::starvation);
    EXPECT_EQ(describe(s), "T1 waits in a loop in vain, while others get on");
}

TEST(standstill, where_values_change_nothing_is_said) {
    recorded r(2);
    for (std::uint64_t i = 0; i < 500; ++i)
        r.step(0, action::atomic_update, 10, 2 * i).step(1, action::atomic_update, 10, 2 * i + 1);
    const standstill s = look_at_standstill(r.r);
    EXPECT_EQ(s.kind, failure_kind::no_progress);
    EXPECT_NE(describe(s).find("--max-steps"), std::string::npos);
}

TEST(standstill, of_an_empty_recording_nothing_is_said) {
    EXPECT_EQ(look_at_standstill(recording{}).kind, failure_kind::no_progress);
}

TEST(standstill, only_a_lack_of_progress_is_told_more_exactly) {
    EXPECT_EQ(exact_kind(recording{}, failure_kind::deadlock), failure_kind::deadlock);
    EXPECT_TRUE(is_standstill(failure_kind::livelock));
    EXPECT_FALSE(is_standstill(failure_kind::hang));
}

}  // namespace
