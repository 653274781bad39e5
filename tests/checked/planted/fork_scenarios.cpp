// SPDX-License-Identifier: BSL-1.0
// Forks as they are published, taken back, stolen, and left because of a request or an exception. What a part
// writes is not atomic: that it runs twice, or is not over when its join is, is a race too.
#include <array>
#include <atomic>
#include <heddle/rt/task_context.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/local.hpp>
#include <heddle/sync/semaphore.hpp>
#include <heddle/task/join.hpp>
#include <heddle/task/thread_pool.hpp>
#include <mutex>
#include <stdexcept>

#include "scenario.hpp"

namespace {

using namespace heddle;
using checked::at_once;
using checked::cancelled_in;

// Four leaves under three forks; each of them runs once.
void tree_of_four() {
    std::array<int, 4> ran{};
    const auto leaf = [&](int i) { return [&ran, i] { ++ran[static_cast<std::size_t>(i)]; }; };
    join([&] { join(leaf(0), leaf(1)); }, [&] { join(leaf(2), leaf(3)); });
    check::require(ran == std::array{1, 1, 1, 1});
}

SCENARIO(forks_of_one_tree) {
    thread_pool pool(2);
    run_on(pool, tree_of_four);
}

// The slots of the second were used by the first.
SCENARIO(forks_of_two_trees) {
    thread_pool pool(2);
    run_on(pool, [] {
        tree_of_four();
        tree_of_four();
    });
}

SCENARIO(forks_with_two_thieves) {
    thread_pool pool(3);
    run_on(pool, tree_of_four);
}

// What waits publishes the rest beside a thief that is after the first.
SCENARIO(forks_of_a_task_that_waits) {
    thread_pool pool(2);
    run_on(pool, [] {
        event open;
        std::array<int, 2> ran{};
        join([&] { join([&] { open.wait(); }, [&] { ++ran[1], open.set(); }); }, [&] { ++ran[0]; });
        check::require(ran == std::array{1, 1});
    });
}

// Nobody else is there to run them, so they have to come to this worker in their turn.
SCENARIO(forks_of_a_task_that_waits_for_the_last_of_them) {
    thread_pool pool(1);
    run_on(pool, [] {
        event open;
        int ran = 0;
        join([&] { join([&] { open.wait(); }, [&] { open.set(); }); }, [&] { ++ran; });
        check::require(ran == 1);
    });
}

SCENARIO(fork_whose_first_part_throws) {
    thread_pool pool(2);
    run_on(pool, [] {
        bool second = false;
        bool third = false;
        bool over = false;
        try {
            event begun;
            semaphore never(0);
            join(
                [&] {
                    join([&] { begun.wait(); }, [&] { third = true; });
                    throw std::domain_error("first");
                },
                [&] {
                    second = true;
                    begun.set();
                    check::require(cancelled_in([&] { never.acquire(); }));
                    over = true;
                });
        } catch (const std::domain_error&) {
        }
        check::require(second && over && third);
    });
}

SCENARIO(fork_whose_second_part_throws) {
    thread_pool pool(2);
    run_on(pool, [] {
        bool thrown = false;
        semaphore never(0);
        try {
            join([&] { never.acquire(); }, [] { throw std::domain_error("second"); });
        } catch (const std::domain_error&) {
            thrown = true;
        }
        // It was the part that asked the task to stop, and that is over.
        check::require(thrown && rt::current_task().stop_requests() == 0);
        check::require(!never.try_acquire_for(std::chrono::milliseconds(1)));
    });
}

// Blocks its thread, and is no point of cancellation: only the next fork can tell the task.
SCENARIO(fork_of_a_task_that_was_asked_to_stop) {
    std::mutex asking;
    std::unique_lock asks(asking);
    thread_pool pool(2);
    const auto f = pool.submit([&] {
        join(
            [&] {
                const std::lock_guard asked(asking);
                join([] {}, [] {});
                check::require(false);
            },
            [] {});
    });
    f.request_stop();
    asks.unlock();
    check::require(cancelled_in([&] { f.get(); }));
}

// Whether the request comes before the second part begins, or after, and whoever runs it.
SCENARIO(fork_whose_second_part_waits_until_asked_to_stop) {
    thread_pool pool(2);
    semaphore never(0);
    const auto f = pool.submit([&] { join([] {}, [&] { never.acquire(); }); });
    f.request_stop();
    check::require(cancelled_in([&] { f.get(); }));
}

// The request is heard once, by the parts that have begun and by the task.
SCENARIO(forks_that_are_asked_to_stop) {
    thread_pool pool(2);
    event begun;
    bool twice = false;
    const auto f = pool.submit([&] {
        semaphore never(0);
        const bool stopped = cancelled_in([&] {
            join([&] { begun.wait(); },
                 [&] {
                     begun.set();
                     never.acquire();
                 });
        });
        twice = cancelled_in([&] { (void)never.try_acquire_for(std::chrono::milliseconds(1)); });
        check::require(stopped);
    });
    at_once({[&] {
                 begun.wait();
                 f.request_stop();
             },
             [&] { f.get(); }});
    check::require(!twice);
}

// Each part that is handed out has a copy of what it inherits, made before a thief can come, and gone when
// the part is over or taken back.
SCENARIO(forks_that_inherit) {
    static std::atomic<int> alive{0};
    struct counted {
        counted() { ++alive; }
        counted(const counted& other) : value(other.value) { ++alive; }
        counted& operator=(const counted&) = default;
        ~counted() { --alive; }
        int value = 0;
    };
    alive = 0;
    local<counted> inherited([] { return counted(); }, inheritance::inherited);
    thread_pool pool(2);
    run_on(pool, [&] {
        inherited->value = 1;
        std::array<int, 2> seen{};
        join([&] { join([] {}, [&] { seen[1] = inherited->value; }); }, [&] { seen[0] = inherited->value; });
        check::require(seen == std::array{1, 1} && alive == 1);
    });
}

}  // namespace
