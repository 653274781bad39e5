// SPDX-License-Identifier: BSL-1.0
// The same orders give the same schedule, and a failure that was found can be shown again and again.
#include <check/explore/plan.hpp>
#include <check/explore/switches.hpp>
#include <check/runtime/entry_library.hpp>
#include <heddle/sync/condition.hpp>
#include <heddle/sync/event.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/sync/queue.hpp>
#include <memory>
#include <mutex>

#include "checked.hpp"
#include "planted/scenario.hpp"

namespace {

using namespace heddle;
using checked::at_once;

constexpr std::chrono::milliseconds patience{5'000};

std::unique_ptr<check::schedule_server> server_of(const std::function<void()>& body) {
    return std::make_unique<check::schedule_server>([&](int socket, check::channel& shared) {
        heddle_check_serve(socket, &shared);
        body();
        heddle_check_end();
    });
}

// One schedule; its orders say all, and nothing that it finds out changes the next.
std::uint64_t hash_of(check::schedule_server& server, check::orders asked) {
    asked.flags &= ~static_cast<std::uint32_t>(check::order_find_hot);
    server.shared().orders = asked;
    const check::process_end end = server.run({.patience = patience});
    EXPECT_TRUE(end.exited && end.status == 0 && server.shared().outcome.how == check::verdict::finished)
        << server.shared().outcome.message;
    return server.shared().outcome.hash;
}

TEST(determinism, the_same_seed_gives_the_same_schedule_a_hundred_times) {
    constexpr unsigned times = 100;
    std::uint64_t schedules = 0;
    for (const checked::scenario& s : checked::scenarios()) {
        SCOPED_TRACE(s.name);
        const auto server = server_of(s.run);
        const check::search_options options{};
        for (std::uint64_t n = 1; n <= check::warm_up; ++n) {
            server->shared().orders = check::plan(options, n, true, 200);
            server->run({.patience = patience});
            server->heat_what_met();
        }
        // The four strategies that draw numbers, each with a seed of its own.
        for (std::uint64_t n = check::warm_up + 1; n <= check::warm_up + 6; ++n) {
            check::orders asked = check::plan(options, n, true, 200);
            // The first in a process of its own, the others in one that goes back to the beginning.
            asked.flags |= check::order_fork;
            const std::uint64_t first = hash_of(*server, asked);
            asked.flags &= ~static_cast<std::uint32_t>(check::order_fork);
            for (unsigned i = 1; i < times / 6 + 1; ++i, ++schedules)
                ASSERT_EQ(hash_of(*server, asked), first) << check::describe(asked);
        }
    }
    EXPECT_GT(schedules, times);
}

TEST(determinism, another_seed_gives_another_schedule) {
    const auto server = server_of(checked::scenarios().front().run);
    std::vector<std::uint64_t> hashes;
    for (std::uint64_t n = 0; n < 20; ++n) {
        check::orders asked = check::plan({.mode = check::search_mode::random_walk}, 6, true, 200);
        asked.seed = n;
        hashes.push_back(hash_of(*server, asked));
    }
    std::ranges::sort(hashes);
    EXPECT_GT(std::ranges::unique(hashes).begin() - hashes.begin(), 5);
}

TEST(determinism, a_failure_that_was_found_is_the_same_each_time_that_it_is_replayed) {
    const std::pair<const char*, std::function<void()>> failing[] = {
        {"two locks in different orders",
         [] {
             mutex a;
             mutex b;
             at_once({[&] {
                          const std::lock_guard first(a);
                          const std::lock_guard second(b);
                      },
                      [&] {
                          const std::lock_guard first(b);
                          const std::lock_guard second(a);
                      }});
         }},
        {"a race",
         [] {
             int value = 0;
             at_once({[&] { ++value; }, [&] { ++value; }});
         }},
        {"one notification for two",
         [] {
             mutex lock;
             condition changed(lock);
             bool open = false;
             const auto pass = [&] {
                 const std::lock_guard hold(lock);
                 changed.wait([&] { return open; });
             };
             at_once({pass, pass, [&] {
                          const std::lock_guard hold(lock);
                          open = true;
                          changed.notify_one();
                      }});
         }},
        {"a time-out where none was expected",
         [] {
             event ready;
             at_once({[&] { check::require(ready.wait_for(std::chrono::milliseconds(50))); },
                      [&] { ready.set(); }});
         }},
        {"the order on a loop",
         [] {
             int order = 0;
             const auto step = [&](int n) -> task<> {
                 order = 10 * order + n;
                 co_return;
             };
             checked::on_loop({[&] { return step(1); }, [&] { return step(2); }, [&] { return step(3); }});
             check::require(order != 312);
         }},
        {"fibers of two workers",
         [] {
             queue<int> q(1);
             int got = 0;
             checked::on_fibers_of_two_workers(
                 {[&] { got = *q.get(); }, [&] { (void)q.put(1); }, [&] { (void)q.put(2); }});
             check::require(got == 1);
         }},
    };
    for (const auto& [name, body] : failing) {
        SCOPED_TRACE(name);
        unsigned replays = 0;
        const auto make = [&body = body] { return server_of(body); };
        const auto result = check::find_failure(
            make, {.schedules = 2000}, [&](check::finding& f, const check::schedule_server& found_by) {
                const auto switches = check::switches_of(f.shown);
                const auto again = server_of(body);
                std::copy(std::begin(found_by.shared().hot), std::end(found_by.shared().hot),
                          again->shared().hot);
                for (; replays < 100; ++replays) {
                    const auto r = check::run_switches(*again, f.shown.asked, switches, patience);
                    ASSERT_EQ(check::classify(r), f.kind);
                    ASSERT_EQ(r.outcome.hash, f.shown.outcome.hash);
                }
            });
        ASSERT_TRUE(result.found.has_value());
        EXPECT_EQ(replays, 100u);
    }
}

}  // namespace
