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

// Collects the parts in the order in which they finish.
class collector {
 public:
    collector(run_report& report, const shared_counter& progress) : report_(report), progress_(progress) {}

    void take(item_result&& r) {
        report_.spans.push_back(r.when);
        whole_.add(std::move(r.answer));
        progress_.done().fetch_add(1, std::memory_order_relaxed);
    }

    void finish(const std::string& workload) {
        report_.digest = whole_.digest();
        report_.summary = whole_.summary(workload);
        report_.top_words = whole_.top_words(20);
        report_.number = whole_.number();
        report_.distinct_words = whole_.distinct_words();
        report_.files = whole_.files();
        report_.bytes = whole_.bytes();
        report_.problems = whole_.problems();
    }

 private:
    run_report& report_;
    const shared_counter& progress_;
    answer whole_;
};

// Threads and processes, and whatever executor comes next, differ in the type and in nothing else.
template <class Executor>
void run_on(Executor& executor, const run_request& request, collector& all, run_report& report) {
    std::vector<future<item_result>> futures;
    futures.reserve(request.items.size());
    for (const item& i : request.items) futures.push_back(executor.submit(run_item, i));
    std::vector<const item*> again;
    for (std::size_t i = 0; i < futures.size(); ++i) {
        try {
            all.take(std::move(futures[i]).take());
        } catch (const worker_died& e) {
            report.notes.push_back(std::string(e.what()) + "; its item was run again");
            again.push_back(&request.items[i]);
        }
    }
    // Once more, and no further: an item that kills its worker twice is the item's fault.
    for (const item* i : again) all.take(executor.submit(run_item, *i).get());
    all.finish(request.workload);
}

// In sequence nothing is kept for later: each part is taken before the next item begins.
void run_in_sequence(const run_request& request, collector& all) {
    inline_executor executor;
    for (const item& i : request.items) all.take(executor.submit(run_item, i).get());
    all.finish(request.workload);
}

// So many at once; each lane takes the next item when it is done with one.
task<void> run_lanes(const run_request& request, collector& all) {
    std::size_t next = 0;
    const auto lane = [&]() -> task<void> {
        while (next < request.items.size()) all.take(co_await run_item_async(request.items[next++]));
    };
    std::vector<task<void>> lanes;
    for (std::uint32_t i = 0; i < request.workers; ++i) lanes.push_back(lane());
    co_await gather(std::move(lanes));
}

}  // namespace

run_report run_model(const run_request& request) {
    const shared_counter progress(request.progress);
    progress.done().store(0);
    progress.pid().store(::getpid());
    run_report report;
    report.spans.reserve(request.items.size());
    collector all(report, progress);
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
            run_in_sequence(request, all);
            look_at_memory();
            break;
        case model::threads: {
            thread_pool executor(request.workers);
            run_on(executor, request, all, report);
            look_at_memory();
            break;
        }
        case model::processes: {
            process_pool executor(request.workers);
            run_on(executor, request, all, report);
            look_at_memory();
            executor.shutdown();
            const process_pool_stats moved = executor.stats();
            report.bytes_moved = moved.bytes_sent + moved.bytes_received;
            break;
        }
        case model::coroutines: {
            event_loop loop;
            loop.run(run_lanes(request, all));
            all.finish(request.workload);
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
