// SPDX-License-Identifier: BSL-1.0
#include "run_model.hpp"

#include "resources.hpp"
#include "shared_counter.hpp"
#include "workload.hpp"

#include <unistd.h>
#include <heddle/heddle.hpp>

namespace heddle::inline v0::cli {

const char* name_of(model m) {
    switch (m) {
        case model::sequential:
            return "sequential";
        case model::coroutines:
            return "coroutines";
        case model::threads:
            return "threads";
        case model::processes:
            return "processes";
    }
    return "?";
}

namespace {

// What some items contribute, and when each was worked on.
struct part {
    answer sum;
    std::vector<span> spans;

    void add(item_result&& r) {
        sum.add(std::move(r.answer));
        spans.push_back(r.when);
    }
    void add(part&& other) {
        sum.add(std::move(other.sum));
        spans.insert(spans.end(), other.spans.begin(), other.spans.end());
    }

    template <class Archive> void serialize(Archive& a) { a(sum, spans); }
};

// In sequence nothing is kept for later: each item is added before the next one begins.
part run_in_sequence(const run_request& request, const shared_counter& progress) {
    part all;
    for (const item& i : request.items) {
        all.add(run_item(i));
        progress.done().fetch_add(1, std::memory_order_relaxed);
    }
    return all;
}

// Threads and processes, and whatever executor comes next, differ in the type and in nothing else.
template <class Executor>
part run_on(Executor& executor, const run_request& request, const shared_counter& progress, run_report& report) {
    const auto map = [](const item& i) {
        part p;
        p.add(run_item(i));
        return p;
    };
    const auto reduce = [](part a, part b) {
        a.add(std::move(b));
        return a;
    };
    return map_reduce(executor, request.items, map, reduce,
                      {// Once more, and no further: an item that kills its worker twice is the item's fault.
                       .attempts = 2,
                       .on_retry =
                           [&](const worker_died& e) {
                               report.notes.push_back(std::string(e.what()) + "; its items were run again");
                           },
                       .on_reduced =
                           [&](std::size_t items) {
                               progress.done().fetch_add(items, std::memory_order_relaxed);
                           }});
}

// So many at once; each lane takes the next item when it is done with one.
task<part> run_lanes(const run_request& request, const shared_counter& progress) {
    part all;
    std::size_t next = 0;
    const auto lane = [&]() -> task<void> {
        while (next < request.items.size()) {
            all.add(co_await run_item_async(request.items[next++]));
            progress.done().fetch_add(1, std::memory_order_relaxed);
        }
    };
    std::vector<task<void>> lanes;
    for (std::uint32_t i = 0; i < request.workers; ++i) lanes.push_back(lane());
    co_await gather(std::move(lanes));
    co_return all;
}

void fill(run_report& report, part&& all, const std::string& workload) {
    report.spans = std::move(all.spans);
    report.digest = all.sum.digest();
    report.summary = all.sum.summary(workload);
    report.top_words = all.sum.top_words(20);
    report.number = all.sum.number();
    report.distinct_words = all.sum.distinct_words();
    report.files = all.sum.files();
    report.bytes = all.sum.bytes();
    report.problems = all.sum.problems();
}

}  // namespace

run_report run_model(const run_request& request) {
    const shared_counter progress(request.progress);
    progress.done().store(0);
    progress.pid().store(::getpid());
    run_report report;
    std::int64_t looking = 0;  // time spent on looking at memory, which is not the model's
    const auto look_at_memory = [&] {
        const auto start = rt::clock::now();
        report.memory = memory_of_tree(::getpid());
        looking = (rt::clock::now() - start).count();
    };

    const usage before = usage::now();
    const auto start = rt::clock::now();
    report.began = start.time_since_epoch().count();
    switch (static_cast<model>(request.which)) {
        case model::sequential:
            fill(report, run_in_sequence(request, progress), request.workload);
            look_at_memory();
            break;
        case model::threads: {
            thread_pool executor(request.workers);
            fill(report, run_on(executor, request, progress, report), request.workload);
            look_at_memory();
            break;
        }
        case model::processes: {
            process_pool executor(request.workers);
            fill(report, run_on(executor, request, progress, report), request.workload);
            look_at_memory();
            executor.shutdown();
            const process_pool_stats moved = executor.stats();
            report.bytes_moved = moved.bytes_sent + moved.bytes_received;
            break;
        }
        case model::coroutines: {
            event_loop loop;
            fill(report, loop.run(run_lanes(request, progress)), request.workload);
            look_at_memory();
            break;
        }
    }
    report.wall_ns = (rt::clock::now() - start).count() - looking;
    const usage used = usage::now() - before;
    report.cpu_ns = used.cpu_ns;
    report.voluntary = used.voluntary;
    report.involuntary = used.involuntary;
    progress.pid().store(0);
    return report;
}

}  // namespace heddle::inline v0::cli
