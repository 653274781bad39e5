// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/local.hpp>

#include <gtest/gtest.h>
#include <heddle/io/gather.hpp>
#include <heddle/rt/exception_hook.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/thread.hpp>
#include <heddle/task/thread_pool.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include "queues.hpp"

using heddle::inheritance;
using heddle::local;
using heddle::task;
using heddle::thread;
using sync_tests::counted;

TEST(local, is_made_at_the_first_use_in_each_task) {
    int made = 0;
    local<int> l([&] { return ++made; });
    EXPECT_FALSE(l.has_value());
    EXPECT_EQ(made, 0);
    EXPECT_EQ(*l, 1);
    EXPECT_EQ(*l, 1);
    EXPECT_TRUE(l.has_value());
    int seen = 0;
    thread([&] { seen = *l; }).join();
    EXPECT_EQ(seen, 2);
    EXPECT_EQ(*l, 1);
}

TEST(local, begins_as_the_default_of_its_type) {
    local<int> number;
    local<std::string> text;
    EXPECT_EQ(*number, 0);
    EXPECT_TRUE(text->empty());
    *number = 5;
    EXPECT_EQ(number.get(), 5);
}

TEST(local, keeps_nothing_where_its_initial_value_throws) {
    bool throws = true;
    local<int> l([&] { return throws ? throw std::runtime_error("no value") : 7; });
    EXPECT_THROW(l.get(), std::runtime_error);
    EXPECT_FALSE(l.has_value());
    throws = false;
    EXPECT_EQ(*l, 7);
}

TEST(local, TH06_has_a_value_of_its_own_in_threads_fibers_pool_tasks_and_coroutines) {
    local<int> l([] { return -1; });
    *l = 0;
    std::atomic<int> wrong{0};
    const auto body = [&](int n) {
        if (l.has_value() || *l != -1) wrong.fetch_add(1);
        *l = n;
        heddle::rt::sleep_until(heddle::rt::clock::now());
        if (*l != n) wrong.fetch_add(1);
    };
    {
        std::vector<thread> threads;
        for (int i = 1; i <= 3; ++i) threads.emplace_back(body, i);
    }
    sync_tests::run_fibers({[&] { body(4); }, [&] { body(5); }, [&] { body(6); }});
    {
        heddle::thread_pool pool(2);
        std::vector<heddle::future<void>> done;
        for (int i = 7; i <= 12; ++i) done.push_back(pool.submit(body, i));
        for (auto& d : done) d.get();
    }
    heddle::event_loop loop;
    const auto strand = [](local<int>& mine, std::atomic<int>& bad, int n) -> task<> {
        if (mine.has_value() || *mine != -1) bad.fetch_add(1);
        *mine = n;
        co_await heddle::yield();
        if (*mine != n) bad.fetch_add(1);
    };
    loop.run([](auto f, local<int>& mine, std::atomic<int>& bad) -> task<> {
        co_await heddle::gather(f(mine, bad, 13), f(mine, bad, 14), f(mine, bad, 15));
    }(strand, l, wrong));
    EXPECT_EQ(wrong.load(), 0);
    EXPECT_EQ(*l, 0);
}

TEST(local, is_the_same_in_a_task_and_in_what_it_awaits) {
    local<int> l;
    heddle::event_loop loop;
    const int seen = loop.run([](local<int>& mine) -> task<int> {
        *mine = 1;
        co_await [](local<int>& theirs) -> task<> {
            *theirs += 10;
            co_return;
        }(mine);
        co_return *mine;
    }(l));
    EXPECT_EQ(seen, 11);
}

TEST(local, goes_with_its_task_before_the_result_is_there) {
    const int before = counted::alive;
    local<counted> l([] { return counted(1); });
    thread t([&] { (void)l.get(); });
    t.join();
    EXPECT_EQ(counted::alive, before);
    heddle::thread_pool pool(1);
    const auto done = pool.submit([&] { (void)l.get(); });
    done.wait();
    EXPECT_EQ(counted::alive, before) << "the future is alive, the task is not";
    sync_tests::run_fibers({[&] { (void)l.get(); }});
    EXPECT_EQ(counted::alive, before);
    heddle::event_loop loop;
    loop.run([](local<counted>& mine) -> task<> {
        (void)mine.get();
        co_return;
    }(l));
    EXPECT_EQ(counted::alive, before);
    std::thread([&] { (void)l.get(); }).join();
    EXPECT_EQ(counted::alive, before) << "a thread that heddle did not start";
}

TEST(local, goes_with_its_local_in_all_tasks) {
    const int before = counted::alive;
    heddle::event made;
    heddle::event go;
    {
        std::optional<local<counted>> l;
        l.emplace([] { return counted(1); });
        (void)l->get();
        thread t([&] {
            (void)l->get();
            made.set();
            go.wait();
        });
        made.wait();
        EXPECT_EQ(counted::alive, before + 2);
        l.reset();
        EXPECT_EQ(counted::alive, before);
        local<int> next;  // takes the place of the one that has gone
        EXPECT_FALSE(next.has_value());
        go.set();
    }
    EXPECT_EQ(counted::alive, before);
}

TEST(local, may_be_used_by_the_destructor_of_another_at_the_end_of_the_task) {
    static int seen;
    seen = 0;
    local<int> counter([] { return 40; });
    struct last {
        local<int>* to;
        ~last() { seen = ++**to; }
    };
    local<std::unique_ptr<last>> other;
    thread([&] {
        other.get().reset(new last{&counter});
        *counter = 41;
    }).join();
    EXPECT_EQ(seen, 41) << "the newest value goes first; the destructor has made a new one";
}

TEST(local, is_destroyed_with_its_task_as_the_current_one) {
    static std::uint64_t seen;
    seen = 0;
    struct last {
        ~last() { seen = heddle::rt::current_task().id(); }
    };
    local<std::unique_ptr<last>> l;
    thread t([&] { l.get() = std::make_unique<last>(); });
    t.join();
    EXPECT_EQ(seen, t.id());
}

TEST(local, that_is_reset_begins_anew) {
    int made = 0;
    local<int> l([&] { return ++made; });
    (void)l.get();
    l.reset();
    EXPECT_FALSE(l.has_value());
    l.reset();
    EXPECT_EQ(*l, 2);
}

TEST(local, CX01_a_value_for_a_scope_is_put_back_at_its_end) {
    local<int> l([] { return 1; });
    {
        const auto inner = l.with(5);
        EXPECT_EQ(*l, 5);
        {
            const auto innermost = l.with(6);
            EXPECT_EQ(*l, 6);
        }
        EXPECT_EQ(*l, 5);
    }
    EXPECT_FALSE(l.has_value());
    EXPECT_EQ(*l, 1);
}

TEST(local, that_cannot_be_put_back_at_the_end_of_a_scope_says_so_and_is_none) {
    struct fragile {
        fragile() = default;
        fragile(fragile&&) = default;
        fragile& operator=(fragile&& other) {
            if (other.breaks) throw std::runtime_error("fragile");
            return *this;
        }
        bool breaks = false;
    };
    static int reported = 0;
    reported = 0;
    const auto before =
        heddle::set_exception_hook([](std::exception_ptr, std::string_view) noexcept { ++reported; });
    local<fragile> l;
    l->breaks = true;
    {
        const auto inner = l.with(fragile());
    }
    heddle::set_exception_hook(before);
    EXPECT_EQ(reported, 1);
    EXPECT_FALSE(l.has_value());
}

TEST(local, that_is_inherited_is_copied_when_a_child_is_made) {
    local<std::string> l([] { return std::string("initial"); }, inheritance::inherited);
    local<int> own([] { return 0; });
    l.set("parents");
    own.set(5);
    std::string in_thread;
    bool own_there = true;
    thread t([&] {
        in_thread = *l;
        own_there = own.has_value();
        l.set("childs");
    });
    l.set("changed");
    t.join();
    EXPECT_TRUE(in_thread == "parents");
    EXPECT_FALSE(own_there);
    EXPECT_EQ(*l, "changed");
    heddle::thread_pool pool(1);
    EXPECT_EQ(pool.submit([&] { return *l; }).get(), "changed");
}

TEST(local, CX01_that_is_inherited_is_seen_by_spawned_coroutines_and_what_they_set_is_not_seen_outside) {
    local<int> l([] { return 0; }, inheritance::inherited);
    heddle::event_loop loop;
    loop.run([](local<int>& mine) -> task<> {
        *mine = 3;
        const auto child = heddle::event_loop::current()->spawn([](local<int>& theirs) -> task<int> {
            const int inherited = *theirs;
            *theirs = 10;
            co_return inherited;
        }(mine));
        *mine = 4;
        EXPECT_EQ(co_await child, 3);
        EXPECT_EQ(*mine, 4);
    }(l));
}

TEST(local, that_cannot_be_copied_cannot_be_inherited) {
    using made = local<std::unique_ptr<int>>;
    EXPECT_THROW(made([] { return std::make_unique<int>(1); }, inheritance::inherited),
                 std::invalid_argument);
    made fine([] { return std::make_unique<int>(1); });
    EXPECT_EQ(**fine, 1);
}

TEST(local, whose_copy_throws_fails_the_child_and_leaves_nothing_behind) {
    using sync_tests::awkward;
    local<awkward> l([] { return awkward(1); }, inheritance::inherited);
    (void)l.get();
    awkward::throws = true;
    EXPECT_THROW(thread([] {}), std::runtime_error);
    awkward::throws = false;
    thread([&] { EXPECT_EQ(l->value(), 1); }).join();
}

TEST(local, many_in_one_task_keep_apart) {
    std::vector<std::unique_ptr<local<int>>> all;
    for (int i = 0; i < 200; ++i) {
        all.push_back(std::make_unique<local<int>>());
        all.back()->set(i);
    }
    for (int i = 0; i < 200; i += 2) all[static_cast<std::size_t>(i)].reset();
    for (int i = 1; i < 200; i += 2) EXPECT_EQ(all[static_cast<std::size_t>(i)]->get(), i);
}
