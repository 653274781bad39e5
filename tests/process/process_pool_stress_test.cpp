// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>
#include <algorithm>
#include <atomic>
#include <heddle/process/process_pool.hpp>
#include <heddle/rt/error.hpp>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "processes.hpp"

namespace {

std::string repeat(std::string text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

// Submits at least `count` calls, until something was disturbed, while another thread kills whom `victim`
// names; every call must end, with the right result or with worker_died. Only who has been of use may be
// named: a pool whose servers or workers die again and again before they are ready is broken, by design.
template <class Victim> void expect_every_call_to_end(heddle::process_pool& procs, int count, Victim victim) {
    std::atomic<int> results{0};
    const std::jthread villain([&](std::stop_token over) {
        std::mt19937 random(1);
        for (int seen = 0; !over.stop_requested(); std::this_thread::yield()) {
            if (results == seen) continue;
            seen = results;
            if (const pid_t pid = victim(random); pid > 0) ::kill(pid, SIGKILL);
        }
    });
    int died = 0;
    int done = 0;
    for (; done < count || (died == 0 && done < 100 * count); done += 20) {
        std::vector<heddle::future<std::string>> calls;
        for (int i = 0; i < 20; ++i) calls.push_back(procs.submit(repeat, std::to_string(done + i), 1000));
        for (int i = 0; i < 20; ++i) {
            try {
                EXPECT_EQ(calls[static_cast<std::size_t>(i)].get(), repeat(std::to_string(done + i), 1000));
                ++results;
            } catch (const heddle::worker_died&) {
                ++died;
            } catch (const heddle::error& e) {
                ADD_FAILURE() << e.what();
            }
        }
    }
    EXPECT_EQ(results + died, done);
    EXPECT_GT(died, 0) << "nothing was disturbed";
}

}  // namespace

TEST(process_pool_stress, PP01_every_call_ends_while_workers_are_killed) {
    {
        heddle::process_pool procs(3);
        expect_every_call_to_end(procs, 4000, [&](std::mt19937& random) {
            const auto alive = procs.pids();
            return alive.empty() ? 0 : alive[random() % alive.size()];
        });
    }
    EXPECT_FALSE(processes::have_children());
}

TEST(process_pool_stress, every_call_ends_while_servers_are_killed) {
    {
        heddle::process_pool procs(3);
        expect_every_call_to_end(procs, 1000, [&](std::mt19937&) {
            const auto servers = processes::children();
            for (const pid_t worker : procs.pids()) {
                const pid_t server = processes::parent_of(worker);
                if (std::find(servers.begin(), servers.end(), server) != servers.end()) return server;
            }
            return 0;
        });
    }
    EXPECT_FALSE(processes::have_children());
}

TEST(process_pool_stress, every_call_ends_with_a_fresh_worker_each) {
    heddle::process_pool procs({.workers = 4, .max_tasks_per_child = 1});
    std::vector<heddle::future<pid_t>> calls;
    for (int i = 0; i < 300; ++i) calls.push_back(procs.submit(&::getpid));
    for (const auto& c : calls) EXPECT_GT(c.get(), 0);
    EXPECT_EQ(procs.stats().tasks, 300u);
}

TEST(process_pool_stress, two_hundred_workers_start_work_and_end) {
    {
        heddle::process_pool procs(200);
        std::vector<heddle::future<pid_t>> calls;
        for (int i = 0; i < 1000; ++i) calls.push_back(procs.submit(&::getpid));
        for (const auto& c : calls) EXPECT_GT(c.get(), 0);
    }
    EXPECT_FALSE(processes::have_children());
}

TEST(process_pool_stress, a_shutdown_in_another_thread_refuses_or_answers_every_call) {
    for (int round = 0; round < 20; ++round) {
        heddle::process_pool procs(2);
        std::vector<heddle::future<pid_t>> calls;
        std::jthread ends([&] { procs.shutdown(); });
        try {
            for (int i = 0; i < 100; ++i) calls.push_back(procs.submit(&::getpid));
        } catch (const heddle::shutdown_error&) {
        }
        ends.join();
        for (const auto& c : calls) EXPECT_GT(c.get(), 0);
    }
}
