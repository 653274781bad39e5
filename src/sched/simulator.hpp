// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/sched/simulate.hpp>

#include "cache.hpp"
#include "cpu_set.hpp"
#include "event_queue.hpp"

namespace heddle::inline v0::sched {

/// One run of simulate(). Of each instant: first the CPUs are settled, then what wakes and arrives is told to
/// the policies, then CPUs are given out.
class simulator {
 public:
    simulator(const workload& w, const policy::any_policy& p, const simulation_options& options);
    simulation run();

 private:
    static constexpr std::uint32_t none = ~std::uint32_t{0};
    static constexpr std::uint32_t before_first = ~std::uint32_t{0};  // a step

    enum class state : std::uint8_t { away, ready, running, waiting, blocked, done };

    // A task as it is now: one cache line, for there may be millions.
    struct alignas(64) live {
        duration left{};              // of the step
        time since{};                 // in this state
        time deadline = time::max();  // with what it inherits
        int priority = 0;             // likewise
        std::uint32_t step = 0;
        std::uint32_t cpu = none;     // where it runs, or ran last
        std::uint32_t queue = 0;      // whose policy knows it
        std::uint32_t job = 0;        // position in jobs of the one it is at
        std::uint32_t released = 0;   // how often it came
        std::uint32_t completed = 0;  // and ended
        std::uint32_t to_check = 0;   // the next job whose deadline has not been looked at
        std::uint32_t wanted_lock = 0;
        state is = state::away;
        bool known = false;  // by the policy
    };
    static_assert(sizeof(live) == 64);
    struct processor {
        std::uint32_t task = none;
        std::uint32_t open = none;    // the segment that goes on
        std::uint32_t before = none;  // the one that did before it
        time mark{};                  // up to when it is settled
        time switched{};              // when the switch is over
        time slice_ends = time::max();
        duration used{};                      // since the task was picked
        std::uint64_t displaced = 0;          // the round of preempt() in which its task made way
        std::vector<std::uint32_t> others{};  // CPUs that the task has as well
    };
    struct lock_state {
        std::uint32_t owner = none;
        std::vector<std::uint32_t> waiters{};
    };
    struct queue_state {
        policy::any_policy policy;
        std::size_t ready = 0;
        // Where there are pins: how many of these may run anywhere, and on each CPU how many of those that
        // may not.
        std::size_t unbound = 0;
        std::vector<std::size_t> bound{};
        bool news = false;          // somebody came, or became more or less urgent
        bool asked = false;         // there were, and preempt() looks at them
        std::uint32_t held = none;  // picked, and waits for enough CPUs
    };

    // simulator.cpp: time
    bool next_instant();
    void one_instant();
    void settle(std::uint32_t cpu);
    void see_next_arrival();
    // How long a CPU has run its task since it was settled, and how long since it picked it.
    duration unsettled(const processor& c) const {
        return std::max(duration::zero(), now_ - std::max(c.mark, c.switched));
    }
    duration used(const processor& c) const { return c.used + unsettled(c); }
    duration done_in_cache(std::uint32_t cpu, duration ran);
    duration until_done_or_warm(std::uint32_t cpu) const;
    void arm(std::uint32_t cpu);
    void close();

    // simulator_tasks.cpp: what a task does
    void release(std::uint32_t task);
    void wake(std::uint32_t task);
    void check_deadline(std::uint32_t task);
    void arm_deadline(std::uint32_t task);
    time next_deadline(std::uint32_t task) const;
    void come(std::uint32_t task);
    void begin_wait(std::uint32_t task, duration how_long);
    void make_ready(std::uint32_t task);
    void after_step(std::uint32_t cpu);
    bool go_on(std::uint32_t task);
    void finish(std::uint32_t task);
    void drop(std::uint32_t task);
    void end_job(std::uint32_t task);
    policy::task_info<> info(std::uint32_t task) const;
    bool take_lock(std::uint32_t task, std::uint32_t lock);
    void give_lock(std::uint32_t task, std::uint32_t lock);
    void inherit(std::uint32_t owner);
    void tell_urgency(std::uint32_t task, int priority, time deadline);
    bool more_urgent(int a, int b) const {
        return queues_.front().policy.more_urgent(a, b).value_or(options_.lower_is_higher ? a < b : a > b);
    }
    std::string why_stuck(std::uint32_t task) const;

    // simulator_cpus.cpp: who runs where
    void stop(std::uint32_t cpu, policy::stop_reason why);
    void give_out();
    bool dispatch(std::uint32_t cpu);
    bool start(std::uint32_t cpu, std::uint32_t task);
    duration slice(std::uint32_t cpu, std::uint32_t task, duration used) const;
    time end_of_slice(std::uint32_t cpu) const;
    void count_empty_slice(std::uint32_t cpu);
    // A task of a queue became ready, or is not any more.
    void count_ready(std::uint32_t task, bool more) {
        queue_state& q = queues_[tasks_[task].queue];
        more ? ++q.ready : --q.ready;
        if (pinned_) count_bound(task, more);
    }
    void count_bound(std::uint32_t task, bool more);
    bool has_some_for(std::uint32_t queue, std::uint32_t cpu) const {
        const queue_state& q = queues_[queue];
        return q.ready > 0 && (!pinned_ || q.unbound > 0 || q.bound[cpu] > 0);
    }
    std::uint32_t pick(std::uint32_t cpu);
    std::uint32_t next_for(std::uint32_t cpu);
    void put_back(queue_state& q, std::uint32_t task);
    template <class Ask> auto for_cpu(std::uint32_t cpu, Ask ask) const;
    std::uint32_t longest_queue(std::uint32_t cpu, std::uint32_t last) const;
    std::uint32_t steal(std::uint32_t cpu);
    bool has_room(std::uint32_t task) const;
    void take_others(std::uint32_t task, std::vector<std::uint32_t>& others);
    std::uint32_t next_to_make_way() const;
    std::uint32_t queue_for(std::uint32_t task);
    bool may_run(std::uint32_t task, std::uint32_t cpu) const;
    std::uint32_t queue_of(std::uint32_t cpu) const { return options_.queue_per_cpu ? cpu : 0; }
    void preempt();
    void displace();
    void reslice();

    void note(event_kind kind, std::uint32_t task, std::uint32_t cpu = 0, std::int64_t other = 0) {
        ++result_.event_count;
        if (options_.record) record(kind, task, cpu, other);
    }
    void record(event_kind kind, std::uint32_t task, std::uint32_t cpu, std::int64_t other);
    void open_segment(std::uint32_t cpu);
    void close_segment(std::uint32_t cpu);
    std::int64_t note_reason(const policy::reason& why) {
        if (why.words.empty()) return 0;
        result_.reasons.push_back(why);
        return static_cast<std::int64_t>(result_.reasons.size());
    }
    const task_spec& spec(std::uint32_t task) const { return work_.tasks[task]; }
    job_result& job_of(std::uint32_t task) { return result_.jobs[tasks_[task].job]; }

    // The slots of the queue of events: CPUs, then tasks that wake, are released, and are due.
    std::uint32_t task_slot(std::uint32_t task) const { return first_wake_ + task; }
    std::uint32_t release_slot(std::uint32_t task) const { return first_release_ + task; }
    std::uint32_t deadline_slot(std::uint32_t task) const { return first_deadline_ + task; }

    const workload& work_;
    const simulation_options options_;
    time now_{};
    time until_;         // the end, if there is one
    time last_arrival_;  // what comes for ever comes no more from then on
    std::vector<live> tasks_;
    std::vector<processor> cpus_;
    cpu_set leading_;                  // CPUs with a task; others may be a wide one's as well
    cpu_set free_cpus_;                // with neither
    std::vector<std::uint32_t> last_;  // by CPU, the task before
    std::vector<queue_state> queues_;
    std::vector<lock_state> locks_;
    std::vector<std::uint32_t> arrivals_;  // tasks by first arrival
    std::size_t next_arrival_ = 0;
    time arrives_ = time::max();  // when that is
    std::size_t free_ = 0;        // how many of free_cpus_
    std::size_t dealt_ = 0;
    const std::uint32_t first_wake_;
    const std::uint32_t first_release_;
    const std::uint32_t first_deadline_;
    event_queue events_;
    std::vector<cache> caches_;
    std::vector<std::uint32_t> due_;
    bool news_ = false;     // in a queue
    const bool slices_;     // whether slices end,
    const bool displaces_;  // whether running tasks may have to make way for whoever comes,
    const bool reslices_;   // or end their slices at another time
    std::uint64_t round_ = 0;
    std::size_t empty_slices_ = 0;  // since somebody used one up, or came to the end of a step
    bool pinned_ = false;
    simulation result_{};
};

}  // namespace heddle::inline v0::sched
