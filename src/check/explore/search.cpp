// SPDX-License-Identifier: BSL-1.0
#include "search.hpp"

#include <sched.h>
#include <algorithm>
#include <heddle/task/thread_pool.hpp>
#include <heddle/task/wait.hpp>
#include <mutex>

#include "campaign.hpp"
#include "minimise.hpp"
#include "plan.hpp"
#include "standstill.hpp"

namespace heddle::inline v0::check {

namespace {

// How many random schedules come before the systematic ones.
constexpr std::uint64_t random_first = 500;

// The n-th CPU, from `first`, of those that the calling thread may run on.
int allowed_cpu(int first, unsigned n) noexcept {
    cpu_set_t set;
    if (first < 0 || ::sched_getaffinity(0, sizeof set, &set) != 0) return -1;
    n %= static_cast<unsigned>(CPU_COUNT(&set));
    for (int cpu = first;; cpu = (cpu + 1) % CPU_SETSIZE)
        if (CPU_ISSET(static_cast<unsigned>(cpu), &set) && n-- == 0) return cpu;
}

// While it lives the calling thread stays on the CPU of its server. Only one of the two runs at a time, and
// to wake one on another CPU can cost as much as the schedule.
class beside_server {
 public:
    explicit beside_server(int cpu) noexcept
        : moved_(cpu >= 0 && ::sched_getaffinity(0, sizeof before_, &before_) == 0) {
        if (!moved_) return;
        cpu_set_t one;
        CPU_ZERO(&one);
        CPU_SET(static_cast<unsigned>(cpu), &one);
        ::sched_setaffinity(0, sizeof one, &one);
    }
    ~beside_server() {
        if (moved_) ::sched_setaffinity(0, sizeof before_, &before_);
    }
    beside_server(const beside_server&) = delete;
    beside_server& operator=(const beside_server&) = delete;

 private:
    cpu_set_t before_;
    const bool moved_;
};

}  // namespace

void campaign::take_hot(schedule_server& server) {
    const std::lock_guard hold(lock_);
    server.heat(hot_);
}

void campaign::give_hot(const schedule_server& server) {
    const std::lock_guard hold(lock_);
    for (const std::uint64_t pc : server.shared().hot)
        if (pc != 0 && std::find(hot_.begin(), hot_.end(), pc) == hot_.end()) hot_.push_back(pc);
}

// What SURW wants to know: how many steps each thread makes, with the threads it starts, and where threads
// meet.
void campaign::weigh(const recording& r) {
    std::vector<std::uint64_t> own(r.threads.size(), 0);
    std::unordered_map<std::uint64_t, std::pair<std::uint32_t, bool>> touched;
    for (const event& e : r.events) {
        if (e.address == 0 || e.thread >= own.size()) continue;
        ++own[e.thread];
        auto& [thread, several] = touched.try_emplace(e.address, e.thread, false).first->second;
        several |= thread != e.thread;
    }
    // Children come after their creators.
    for (std::size_t i = own.size(); i-- > 1;)
        if (r.threads[i].parent < i) own[r.threads[i].parent] += own[i];
    const std::lock_guard hold(lock_);
    for (std::size_t i = 0; i < own.size(); ++i) {
        std::uint64_t& w = weights_[r.threads[i].path];
        w = std::max(w, own[i]);
    }
    for (const auto& [address, met] : touched)
        if (met.second && addresses_.size() < 1000 &&
            std::find(addresses_.begin(), addresses_.end(), address) == addresses_.end())
            addresses_.push_back(address);
}

void campaign::note_threads(std::uint64_t n) {
    const std::lock_guard hold(lock_);
    threads_ = std::max<std::uint64_t>(threads_, n);
    addresses_.clear();  // with other spares there is other memory
}

void campaign::fill_weights(channel& c, const orders& asked) {
    if (asked.how != strategy_kind::surw) return;
    const std::lock_guard hold(lock_);
    c.n_weights = 0;
    for (const auto& [path, events] : weights_) {
        if (c.n_weights == max_weights) break;
        c.weights[c.n_weights++] = {path, events};
    }
    // Half of the time all steps count, otherwise those on one address where threads meet.
    c.orders.surw_address =
        asked.seed % 2 == 0 || addresses_.empty() ? 0 : addresses_[asked.seed / 2 % addresses_.size()];
}

bool campaign::may_go_on(std::uint64_t number) {
    if (o_.mode == search_mode::policy && number > o_.policies.size() * sizes(o_.cpus)) return false;
    return number <= o_.schedules && time_left();
}

void campaign::renew(std::shared_ptr<schedule_server>& server) {
    const int cpu = server != nullptr ? server->cpu() : allowed_cpu(first_cpu_, servers_++);
    server = make_();
    if (o_.mode != search_mode::jitter && cpu >= 0) server->pin(cpu);
    if (expected_output_) server->expect_output(*expected_output_);
    take_hot(*server);
}

// What the plainest schedule prints, if it ends; before any other is run.
void campaign::find_expected_output() {
    const std::shared_ptr<schedule_server> server = make_();
    orders asked = plan(o_, 1, server->shared().outcome.instrumented != 0, 0);
    asked.how = strategy_kind::first;
    server->shared().orders = asked;
    const process_end end = server->run({.patience = o_.patience, .until = until_});
    const verdict how = server->shared().outcome.how;
    if (end.exited && (how == verdict::finished || how == verdict::unfinished))
        expected_output_ = server->printed();
}

// @return false if the search is over.
bool campaign::run_one(std::shared_ptr<schedule_server>& server, const orders& asked, std::uint64_t number) {
    channel& c = server->shared();
    c.orders = asked;
    // As many as schedules have used so far.
    const std::uint64_t used = std::max<std::uint64_t>(threads_, 1) - 1;
    c.orders.spares = static_cast<std::uint8_t>(std::min<std::uint64_t>(used, max_spares));
    if (baton_) c.orders.flags |= order_baton;
    fill_weights(c, asked);
    const process_end end = server->run({.patience = o_.patience, .until = until_, .stop = &stop_});
    if (end.lost) {
        renew(server);
        return true;
    }
    if (end.stopped) {
        ++stopped_;
        return false;
    }
    // It waits in a call that is not modelled, with all threads; with the baton others can go on meanwhile.
    if (end.hung && (c.orders.flags & (order_baton | order_jitter)) == 0) {
        baton_ = true;
        return run_one(server, asked, number);
    }
    const struct outcome& out = c.outcome;
    steps_ += out.steps;
    ++done_;
    unmodelled_ |= out.unmodelled;
    if (out.threads > threads_) note_threads(out.threads);
    expected_ = std::max<std::uint64_t>(expected_, out.steps);
    // Where nothing is controlled, the runtime does not see every way to end.
    const bool ended =
        out.how == verdict::finished || (out.how == verdict::unfinished && (asked.flags & order_jitter) != 0);
    const bool passed = ended && end.exited && end.difference.empty() && (end.status == 0 || o_.any_status);
    if (passed) {
        server->heat_what_met();
        if ((asked.flags & order_find_hot) != 0 && number <= warm_up + 1) give_hot(*server);
        if (o_.mode != search_mode::jitter && (number <= warm_up || number % 16 == 0)) {
            decisions_ = out.decisions;
            weigh(copy_recording(*server, end));
        }
        return true;
    }
    recording r = copy_recording(*server, end);
    if (out.how == verdict::not_supported) {
        const std::lock_guard hold(lock_);
        not_supported_ = out.message;
        stop_ = true;
        return false;
    }
    if (classify(r) == failure_kind::none) {
        server->heat_what_met();
        return true;
    }
    const std::lock_guard hold(lock_);
    stop_ = true;
    if (!failure_ || number < failure_->schedule) failure_.emplace(number, std::move(r), server);
    return false;
}

void campaign::run_random(std::shared_ptr<schedule_server>& server, bool leads) {
    for (;;) {
        const std::uint64_t number = next_.fetch_add(1);
        if (!may_go_on(number)) return;
        if (leads && o_.progress && !o_.progress(done_)) {
            interrupted_ = true;
            stop_ = true;
            return;
        }
        if (number > warm_up && (number == warm_up + 1 || number % 64 == 0)) take_hot(*server);
        if (!run_one(server, plan(o_, number, instrumented_, expected_), number)) return;
        // One job turns to the systematic schedules when the random ones have had their chance.
        if (leads && o_.mode == search_mode::rotate && number >= random_first && !result_.complete_to &&
            !result_.systematic && decisions_ <= small_program) {
            if (run_bounded(server)) run_exhaustive(server);
            if (result_.complete) stop_ = true;
        }
    }
}

void campaign::run_job(bool leads) {
    std::shared_ptr<schedule_server> server;
    renew(server);
    const beside_server here(server->cpu());
    if (leads) instrumented_ = server->shared().outcome.instrumented != 0;
    if (systematic_only()) {
        if (leads) {
            // A few with all points first, to know which ones matter.
            for (std::uint64_t n = 1; instrumented_ && n <= warm_up; ++n)
                if (!run_one(server, plan(o_, next_.fetch_add(1), true, expected_), n)) return;
            if (o_.mode == search_mode::dfs)
                run_exhaustive(server);
            else
                run_bounded(server);
        }
    } else {
        run_random(server, leads);
    }
}

search_result campaign::run(const std::function<void(finding&, const schedule_server&)>& use) {
    if (o_.expect_same_output) find_expected_output();
    // Alive until the failure has been looked at: a server ends with the thread that started it.
    std::optional<thread_pool> pool;
    if (o_.jobs <= 1 || systematic_only() || o_.mode == search_mode::policy) {
        run_job(true);
    } else {
        // The first job finds out about the program before the others join it; it runs here, so that progress
        // is told in the caller's thread.
        pool.emplace(o_.jobs - 1);
        std::vector<future<void>> jobs;
        {
            std::shared_ptr<schedule_server> probe = make_();
            instrumented_ = probe->shared().outcome.instrumented != 0;
        }
        for (unsigned i = 1; i < o_.jobs; ++i) jobs.push_back(pool->submit([this] { run_job(false); }));
        std::exception_ptr error;
        try {
            run_job(true);
        } catch (...) {
            stop_ = true;
            error = std::current_exception();
        }
        for (const auto& j : jobs) j.get();
        if (error) std::rethrow_exception(error);
    }
    search_result result = std::move(result_);
    result.schedules = done_;
    result.steps = steps_;
    result.stopped = stopped_;
    result.most_threads = threads_;
    result.instrumented = instrumented_;
    result.interrupted = interrupted_;
    if (!not_supported_.empty() && !failure_) throw error("cannot be checked: " + not_supported_);
    conclude(result, use);
    result.elapsed = rt::clock::now() - begin_;
    return result;
}

void campaign::conclude(search_result& result,
                        const std::function<void(finding&, const schedule_server&)>& use) {
    const std::uint32_t met = unmodelled_;
    if (o_.mode == search_mode::jitter)
        result.not_covered.push_back(
            "other orders than those that happened: the threads ran freely, with random delays");
    else if (!result.instrumented)
        result.not_covered.push_back(
            "data races, and bugs that need a change of thread between two accesses to memory: the program "
            "is not instrumented (build it with heddle c++)");
    if ((met & unmodelled_process) != 0)
        result.not_covered.push_back("other processes that the program starts");
    if ((met & unmodelled_real_wait) != 0)
        result.not_covered.push_back(
            "what comes from outside (input, the network, other processes): it was waited for in real time, "
            "and a "
            "schedule is repeated only as far as it is the same");
    if ((met & unmodelled_blocking) != 0)
        result.not_covered.push_back(
            "when calls come back that wait inside libc or the kernel: other threads went on meanwhile, in "
            "real time, "
            "and a schedule need not be the same twice");
    if ((met & unmodelled_shared_object) != 0)
        result.not_covered.push_back("locks shared with other processes");
    if ((met & unmodelled_signal) != 0)
        result.not_covered.push_back(
            "when signals come that timers or other processes send: a schedule does not decide it");
    if ((met & unmodelled_pi_lock) != 0)
        result.not_covered.push_back("locks with priority inheritance other than pthread's");
    if (!failure_) return;

    failure& f = *failure_;
    if (o_.mode == search_mode::jitter) {
        finding found{.kind = classify(f.r),
                      .message = {},
                      .schedule = f.schedule,
                      .found_by = describe(f.r.asked, o_.cpus),
                      .shown = f.r};
        found.message = message_of(f.r, found.kind);
        use(found, *f.server);
        result.found = std::move(found);
        return;
    }
    const failure_kind kind = classify(f.r);
    schedule_server& server = *f.server;
    std::vector<guide_switch> switches = switches_of(f.r);
    // What a policy says is shown as it is: with fewer changes it would be nobody's schedule.
    if (o_.minimise && o_.mode != search_mode::policy) {
        const rt::clock::time_point limit = rt::clock::now() + std::chrono::seconds(10);
        minimised m = minimise(server, f.r, kind, {.patience = o_.patience, .until = rt::deadline(limit)},
                               [&] { return rt::clock::now() < limit; });
        if (m.reproduced) switches = std::move(m.switches);
    }
    finding found{.kind = kind,
                  .message = {},
                  .schedule = f.schedule,
                  .found_by = describe(f.r.asked, o_.cpus),
                  .shown = run_switches(server, f.r.asked, switches, o_.patience)};
    // A schedule that cannot be repeated is shown as it was found.
    if (classify(found.shown) != kind) found.shown = f.r;
    found.kind = exact_kind(found.shown, kind);
    found.preemptions = preemptions_of(found.shown);
    found.message = message_of(found.shown, found.kind);
    use(found, server);
    result.found = std::move(found);
}

recording run_switches(schedule_server& server, const orders& base, const std::vector<guide_switch>& switches,
                       std::chrono::milliseconds patience) {
    order_switches(server, base, switches);
    server.shared().orders.flags |= order_stacks;
    const process_end end = server.run({.patience = patience});
    return copy_recording(server, end);
}

std::string message_of(const recording& r, failure_kind kind) {
    if (is_standstill(kind)) return describe(look_at_standstill(r));
    if (r.outcome.message[0] != 0) return r.outcome.message;
    switch (kind) {
        case failure_kind::crash:
            return "the program was ended by signal " +
                   std::to_string(r.end.exited ? r.outcome.detail : r.end.status);
        case failure_kind::exit_status:
            return "the program ended with status " + std::to_string(r.end.status);
        case failure_kind::hang:
            if ((r.asked.flags & order_jitter) != 0) return "the program did not end in time";
            return "the program waits in a call that is not controlled";
        case failure_kind::output_differs:
            return r.end.difference;
        case failure_kind::data_race:
            return "two threads access the same memory, at least one writes, and nothing orders them";
        default:
            return name_of(kind);
    }
}

search_result find_failure(const server_maker& make, const search_options& options,
                           const std::function<void(finding&, const schedule_server&)>& use) {
    return campaign(make, options).run(use);
}

}  // namespace heddle::inline v0::check
