// SPDX-License-Identifier: BSL-1.0
// What is asked of the kernel, and what one process shows another.
#include <cli/compare/calibrate.hpp>
#include <cli/compare/resources.hpp>
#include <cli/compare/run_model.hpp>
#include <cli/compare/shared_counter.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <chrono>
#include <heddle/process/process_pool.hpp>
#include <heddle/rt/clock.hpp>
#include <set>
#include <string>
#include <system_error>
#include <vector>

using namespace heddle::cli;
using namespace std::chrono_literals;
using testing::Contains;

namespace {

// Computes until that much CPU time has gone by.
std::uint64_t compute_for(std::chrono::nanoseconds cpu) {
    const auto end = heddle::rt::thread_cpu_time() + cpu;
    std::uint64_t x = 1;
    while (heddle::rt::thread_cpu_time() < end)
        for (int i = 0; i < 1000; ++i) x = x * 6364136223846793005U + 1;
    return x;
}

std::uint64_t compute_for_ms(int ms) {
    return compute_for(std::chrono::milliseconds(ms));
}

TEST(resources, cpu_time_that_was_used_is_counted) {
    const auto before = usage::now();
    compute_for(50ms);
    EXPECT_GE((usage::now() - before).cpu_ns, 40'000'000);
}

TEST(resources, cpu_time_of_worker_processes_is_counted_once_they_have_ended) {
    const auto before = usage::now();
    {
        heddle::process_pool pool(2);
        const auto a = pool.submit(compute_for_ms, 100);
        const auto b = pool.submit(compute_for_ms, 100);
        a.wait();
        b.wait();
    }
    EXPECT_GE((usage::now() - before).cpu_ns, 190'000'000);
}

TEST(resources, a_wait_is_a_voluntary_context_switch) {
    const auto before = usage::now();
    for (int i = 0; i < 5; ++i) heddle::rt::sleep_for(1ms);
    EXPECT_GE((usage::now() - before).voluntary, 5);
}

TEST(resources, memory_that_was_touched_is_counted) {
    const auto before = memory_of(::getpid());
    EXPECT_GT(before, 100'000U);
    const std::vector<char> touched(64 << 20, 'x');
    EXPECT_GE(memory_of(::getpid()), before + (60U << 20)) << touched.back();
}

TEST(resources, a_process_that_does_not_exist_has_no_memory_and_no_children) {
    EXPECT_EQ(memory_of(-1), 0U);
    EXPECT_EQ(process_tree(-1).size(), 1U);
}

TEST(resources, the_tree_has_the_workers_of_a_pool_and_their_memory) {
    heddle::process_pool pool(3);
    for (int i = 0; i < 3; ++i) pool.submit(compute_for_ms, 1).wait();
    const auto tree = process_tree(::getpid());
    for (const auto pid : pool.pids()) EXPECT_THAT(tree, Contains(pid));
    EXPECT_EQ(std::set(tree.begin(), tree.end()).size(), tree.size());
    EXPECT_GT(memory_of_tree(::getpid()), memory_of(::getpid()));
}

TEST(shared_counter, what_one_writes_the_other_reads) {
    const shared_counter mine;
    const shared_counter theirs(mine.path());
    EXPECT_EQ(theirs.done().load(), 0U);
    mine.done() = 7;
    theirs.pid() = 8;
    EXPECT_EQ(theirs.done().load(), 7U);
    EXPECT_EQ(mine.pid().load(), 8);
}

TEST(shared_counter, one_that_is_not_there_is_an_error) {
    EXPECT_THROW(shared_counter("/proc/self/fd/9999"), std::system_error);
}

TEST(run_model, every_model_has_one_span_for_each_item_within_its_wall_time) {
    for (const model m : all_models) {
        SCOPED_TRACE(name_of(m));
        const shared_counter progress;
        run_request request;
        request.which = static_cast<std::uint32_t>(m);
        request.workload = "primes";
        request.workers = 2;
        request.progress = progress.path();
        for (std::uint64_t i = 0; i < 10; ++i) {
            item part;
            part.kind = work_kind::primes;
            part.from = i * 100;
            part.to = (i + 1) * 100;
            request.items.push_back(part);
        }
        const auto report = run_model(request);
        EXPECT_EQ(report.number, 168U);
        EXPECT_EQ(progress.done().load(), 10U);
        ASSERT_EQ(report.spans.size(), 10U);
        EXPECT_GT(report.wall_ns, 0);
        EXPECT_GT(report.memory, 0U);
        for (const span& s : report.spans) {
            EXPECT_GE(s.start, report.began);
            EXPECT_LE(s.start, s.end);
        }
        EXPECT_EQ(report.bytes_moved > 0, m == model::processes);
    }
}

TEST(calibrate, every_strand_has_costs_and_a_fiber_switch_is_cheaper_than_a_thread_switch) {
    const auto costs = calibrate();
    ASSERT_EQ(costs.strands.size(), 4U);
    for (const auto& s : costs.strands) {
        SCOPED_TRACE(s.name);
        EXPECT_GT(s.create.median, 0);
        EXPECT_LE(s.create.min, s.create.median);
        EXPECT_GT(s.change.median, 0);
        EXPECT_LE(s.change.median, s.change.max);
    }
    const auto of = [&](const std::string& name) {
        for (const auto& s : costs.strands)
            if (s.name == name) return s;
        ADD_FAILURE() << "no " << name;
        return strand_cost{};
    };
    EXPECT_LT(of("fiber").change.min, of("thread").change.max);
    EXPECT_GT(of("process").memory, of("coroutine").memory);
}

}  // namespace
