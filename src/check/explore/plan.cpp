// SPDX-License-Identifier: BSL-1.0
#include "plan.hpp"

namespace heddle::inline v0::check {

namespace {

strategy_kind strategy_of(const search_options& o, std::uint64_t n) {
    switch (o.mode) {
        case search_mode::random_walk:
            return strategy_kind::random_walk;
        case search_mode::pct:
            return strategy_kind::pct;
        case search_mode::pos:
            return strategy_kind::pos;
        case search_mode::surw:
            return strategy_kind::surw;
        case search_mode::bounded:
        case search_mode::dfs:
            return strategy_kind::first;
        case search_mode::jitter:
            return strategy_kind::first;
        case search_mode::policy:
            return strategy_kind::policy;
        case search_mode::rotate:
            break;
    }
    // None of them is best for every program. The very first schedule is the plainest one.
    if (n == 1) return strategy_kind::first;
    constexpr strategy_kind turns[] = {strategy_kind::random_walk, strategy_kind::pct,  strategy_kind::pos,
                                       strategy_kind::pct,         strategy_kind::surw, strategy_kind::pos};
    return turns[n % std::size(turns)];
}

// A number that has nothing to do with how `n` was counted (the finaliser of SplitMix64; Steele, Lea, Flood
// 2014).
constexpr std::uint64_t scattered(std::uint64_t n) noexcept {
    n = (n ^ n >> 30) * 0xbf58476d1ce4e5b9;
    n = (n ^ n >> 27) * 0x94d049bb133111eb;
    return n ^ n >> 31;
}

}  // namespace

orders plan(const search_options& o, std::uint64_t n, bool instrumented, std::uint64_t expected_steps) {
    orders r{};
    r.seed = o.seed * 1'000'003 + n;
    r.max_steps = o.max_steps;
    r.expected_steps = expected_steps;
    r.near_ns = 100'000'000;
    r.step_ns = 1'000;
    // Less than what is taken for a hang: it can say what is waited for.
    r.outside_ns = static_cast<std::uint64_t>(std::chrono::nanoseconds(o.patience).count()) / 5 * 3;
    r.workers = o.cpus.least + static_cast<unsigned>(scattered(r.seed) % sizes(o.cpus));
    r.how = strategy_of(o, n);
    if (o.mode == search_mode::policy) {
        // As a scheduler has it: who can go on does so, and a time-out comes when its time has come.
        const std::string& policy = o.policies[(n - 1) % o.policies.size()];
        policy.copy(r.policy, max_policy_text);
        r.workers = o.cpus.least + static_cast<unsigned>((n - 1) / o.policies.size());
        r.quantum_ns = o.quantum * r.step_ns;
        r.flags |= order_keep_going | order_late_timeouts;
        if (policy.starts_with("prio")) r.flags |= order_inversion;
    }
    // One ordering, two, three: bugs of small depth are the most frequent ones.
    r.depth = static_cast<std::uint8_t>(o.mode == search_mode::pct ? o.depth : 2 + n / 6 % 3);
    const bool memory = o.where == points::memory || (o.where == points::automatic && instrumented);
    r.flags |= order_quiet;
    if (memory) {
        r.flags |= order_memory_points;
        if (n > warm_up && n % all_points_every != 0) r.flags |= order_hot_only;
        r.flags |= order_find_hot;
    } else {
        r.flags |= order_release_points;
    }
    if (instrumented && o.find_races) r.flags |= order_races | (o.races_fail ? order_races_fail : 0u);
    if (o.mode == search_mode::jitter) r.flags |= order_jitter;
    if (o.baton) r.flags |= order_baton;
    if (o.fork) r.flags |= order_fork;
    if (o.late_timeouts) r.flags |= order_late_timeouts;
    if (o.any_status) r.flags |= order_any_status;
    if (o.expect_same_output) r.flags |= order_capture;
    if (o.threads_left_fail) r.flags |= order_threads_left;
    return r;
}

namespace {

std::string strategy_text(const orders& o) {
    const std::string seed = ", seed " + std::to_string(o.seed);
    if ((o.flags & order_jitter) != 0) return "jitter" + seed;
    if (o.guided == guidance::decisions || o.guided == guidance::branches) return "systematic";
    switch (o.how) {
        case strategy_kind::first:
            return "no preemption" + seed;
        case strategy_kind::random_walk:
            return "random walk" + seed;
        case strategy_kind::pct:
            return "pct " + std::to_string(o.depth) + seed;
        case strategy_kind::pos:
            return "pos" + seed;
        case strategy_kind::surw:
            return "surw" + seed;
        case strategy_kind::policy:
            return std::string("policy ") + o.policy;
    }
    return {};
}

}  // namespace

std::string describe(const orders& o, cpu_range cpus) {
    if (sizes(cpus) == 1) return strategy_text(o);
    return strategy_text(o) + ", " + std::to_string(o.workers) + (o.workers == 1 ? " CPU" : " CPUs");
}

}  // namespace heddle::inline v0::check
