// SPDX-License-Identifier: BSL-1.0
#include "compare.hpp"

#include "interrupt.hpp"
#include "progress.hpp"
#include "resources.hpp"
#include "shared_counter.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <csignal>
#include <heddle/heddle.hpp>
#include <set>

namespace heddle::inline v0::cli {

namespace {

using namespace std::chrono_literals;

unsigned workers_for(model m, const compare_options& o, const workload& w) {
    const auto items = static_cast<unsigned>(std::max<std::size_t>(w.items.size(), 1));
    if (m == model::sequential) return 1;
    if (m == model::coroutines) return std::min(o.in_flight, items);
    if (o.workers != 0) return o.workers;
    // Work that waits is limited by what is in flight; then all models get the same.
    return std::min(w.waits ? o.in_flight : rt::cpu_count(), items);
}

// Makes the runs, each in a process of its own, and watches them from outside.
class runner {
 public:
    runner(const compare_options& options, const workload& w, progress_bar& bar)
        : options_(options),
          workload_(w),
          bar_(bar),
          total_(options.models.size() * options.repeat * w.items.size()) {}

    void run(model_result& m) {
        run_request request;
        request.which = static_cast<std::uint32_t>(m.which);
        request.workload = workload_.name;
        request.items = workload_.items;
        request.workers = m.workers;
        request.progress = counter_.path();
        counter_.done() = 0;
        const future<run_report> report = pool_.submit(run_model, request);
        std::uint64_t memory = 0;
        while (!report.wait_for(20ms)) {
            if (interrupted()) stop(report);
            bar_.show(fmt::format("{} {}/{}", name_of(m.which), m.runs.size() + m.failures.size() + 1,
                                  options_.repeat),
                      before_ + counter_.done(), total_);
            if (const pid_t pid = counter_.pid(); pid != 0) memory = std::max(memory, memory_of_tree(pid));
        }
        before_ += workload_.items.size();
        try {
            m.runs.push_back(report.get());
            m.memory = std::max(m.memory, static_cast<double>(memory));
        } catch (const std::exception& e) {
            m.failures.push_back(e.what());
        }
        if (interrupted()) stop(report);
    }

 private:
    // Ends the run: its process, and whatever that has started, which ends because it does.
    [[noreturn]] void stop(const future<run_report>& report) {
        std::set<pid_t> alive;
        for (const pid_t pid : pool_.pids())
            for (const pid_t p : process_tree(pid)) alive.insert(p);
        for (const pid_t pid : pool_.pids()) ::kill(pid, SIGKILL);
        report.wait();
        report.exception();  // that it was killed is no news
        const auto give_up = rt::deadline::after(5s);
        while (!give_up.expired() &&
               std::any_of(alive.begin(), alive.end(), [](pid_t p) { return ::kill(p, 0) == 0; }))
            rt::sleep_for(2ms);
        throw interrupted_error();
    }

    const compare_options& options_;
    const workload& workload_;
    progress_bar& bar_;
    std::uint64_t total_;
    std::uint64_t before_ = 0;  // items of the runs that are over
    shared_counter counter_;
    process_pool pool_{process_pool_options{.workers = 1, .name = "runner", .max_tasks_per_child = 1}};
};

double units_of(const comparison& c, const workload& w) {
    if (w.unit == "MB") {
        const run_report* const r = c.any_run();
        return r == nullptr ? 0 : static_cast<double>(r->bytes) / 1e6;
    }
    if (w.unit == "numbers") {
        std::uint64_t n = 0;
        for (const item& i : w.items) n += i.to - i.from;
        return static_cast<double>(n);
    }
    return static_cast<double>(w.items.size());
}

void gather_remarks(comparison& c, const workload& w) {
    std::set<std::string> problems(w.problems.begin(), w.problems.end());
    for (const auto& m : c.models) {
        for (const auto& r : m.runs) {
            problems.insert(r.problems.begin(), r.problems.end());
            for (const auto& n : r.notes) c.notes.push_back(fmt::format("{}: {}", name_of(m.which), n));
            if (r.digest != c.any_run()->digest) c.same_answer = false;
        }
        for (const auto& f : m.failures)
            c.notes.push_back(fmt::format("{}: a run failed: {}", name_of(m.which), f));
    }
    c.problems.assign(problems.begin(), problems.end());
}

}  // namespace

comparison compare(const compare_options& options, const workload& w) {
    comparison c;
    c.name = w.name;
    c.title = w.title;
    c.unit = w.unit;
    c.waits = w.waits;
    c.items = w.items.size();
    c.cpus = rt::cpu_count();
    for (const model m : options.models) {
        c.models.emplace_back();
        c.models.back().which = m;
        c.models.back().workers = workers_for(m, options, w);
    }
    {
        progress_bar bar(!options.json);
        runner r(options, w, bar);
        // In turn, so that a machine that gets slower or faster meanwhile does so for all models.
        for (unsigned i = 0; i < options.repeat; ++i)
            for (auto& m : c.models) r.run(m);
    }
    const double units = units_of(c, w);
    for (auto& m : c.models) compute_figures(m, c, units);
    gather_remarks(c, w);
    return c;
}

}  // namespace heddle::inline v0::cli
