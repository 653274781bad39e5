// SPDX-License-Identifier: BSL-1.0
// Threads, their registry and what is local to them, in many orders.
#include <algorithm>
#include <heddle/sync/event.hpp>
#include <heddle/sync/latch.hpp>
#include <heddle/sync/local.hpp>
#include <heddle/sync/thread.hpp>
#include <memory>

#include "forms.hpp"

namespace {

using namespace heddle;
using checked::act;
using checked::at_once;
using checked::form;
using rt::deadline;
using std::chrono::milliseconds;

TEST(checked_thread, TH03_a_join_with_a_limit_says_whether_it_has_ended) {
    EXPECT_CORRECT_IN_EVERY_FORM([](const form& as) {
        int value = 0;
        thread t([&] { value = 1; });
        const auto join = [&]() -> act {
            if (co_await as.join_until(t, deadline::after(milliseconds(1)))) check::require(value == 1);
            co_await as.join(t);
            check::require(value == 1 && t.state() == thread_state::finished);
        };
        as.run({join, join});
    });
}

thread_local std::shared_ptr<int> own;

TEST(checked_thread, TH03_its_thread_local_objects_are_gone_when_a_join_says_that_it_has_ended) {
    EXPECT_CORRECT([] {
        auto shared = std::make_shared<int>(0);
        thread t([shared] { own = shared; });
        if (t.join_for(milliseconds(1))) check::require(shared.use_count() == 1);
        if (t.try_join()) check::require(shared.use_count() == 1);
        t.join();
        check::require(shared.use_count() == 1);
    });
}

TEST(checked_thread, is_joined_by_several_who_are_asked_to_stop) {
    EXPECT_CORRECT([] {
        thread t([] {});
        checked::stoppable_thread a([&] { t.join(); });
        checked::stoppable_thread b([&] { t.join(); });
        a.request_stop();
        b.request_stop();
    });
}

TEST(checked_thread, that_is_asked_to_stop_sees_it_in_its_wait) {
    EXPECT_CORRECT([] {
        event never;
        thread t([&] { check::require(checked::cancelled_in([&] { never.wait(); })); });
        t.request_stop();
    });
}

TEST(checked_threads, are_listed_while_they_run) {
    EXPECT_CORRECT([] {
        event go;
        thread a([&] { go.wait(); });
        thread b([] { check::require(thread_count() >= 2); });
        const auto all = all_threads();
        check::require(std::ranges::any_of(all, [&](const auto& t) { return t.id() == a.id(); }));
        go.set();
        a.join();
        check::require(std::ranges::none_of(all_threads(), [&](const auto& t) { return t.id() == a.id(); }));
    });
}

TEST(checked_local, TH06_each_thread_has_its_own_value) {
    EXPECT_CORRECT([] {
        local<int> number([] { return 7; });
        const auto use = [&] {
            check::require(*number == 7);
            ++*number;
            check::require(*number == 8);
        };
        at_once({use, use});
        check::require(*number == 7);
    });
}

TEST(checked_local, may_go_while_the_tasks_that_used_it_end) {
    EXPECT_CORRECT([] {
        auto number = std::make_unique<local<std::unique_ptr<int>>>();
        latch used(2);
        const auto use = [&] {
            number->set(std::make_unique<int>(1));
            used.count_down();
        };
        thread a(use);
        thread b(use);
        used.wait();
        number.reset();
    });
}

TEST(checked_local, that_is_inherited_may_change_in_the_parent_while_the_child_uses_it) {
    EXPECT_CORRECT([] {
        local<int> number([] { return 1; }, inheritance::inherited);
        *number = 2;
        thread child([&] { check::require(*number == 2); });
        *number = 3;
    });
}

}  // namespace
