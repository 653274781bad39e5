// SPDX-License-Identifier: BSL-1.0
#pragma once

// One search, from its first schedule to its result: what its jobs share, and what each of them does.

#include <sched.h>
#include <atomic>
#include <check/explore/search.hpp>
#include <cstddef>
#include <heddle/rt/clock.hpp>
#include <heddle/sync/mutex.hpp>
#include <memory>
#include <unordered_map>

namespace heddle::inline v0::check {

// A job's own server is only its own; the rest is shared.
class campaign {
 public:
    campaign(const server_maker& make, const search_options& o)
        : make_(make),
          o_(o),
          begin_(rt::clock::now()),
          until_(rt::deadline::after(o.time)) {}

    search_result run(const std::function<void(finding&, const schedule_server&)>& use);

 private:
    // Programs with more decisions have too many schedules to run all, even with few preemptions.
    static constexpr std::uint64_t small_program = 400;

    struct failure {
        std::uint64_t schedule;
        recording r;
        std::shared_ptr<schedule_server> server;
    };

    void run_job(bool leads);
    void run_random(std::shared_ptr<schedule_server>& server, bool leads);
    bool run_bounded(std::shared_ptr<schedule_server>& server);
    void run_exhaustive(std::shared_ptr<schedule_server>& server);
    bool run_exhaustive(std::shared_ptr<schedule_server>& server, unsigned cpus);
    orders systematic_orders(guidance how, std::size_t length, unsigned cpus);
    bool systematic_may_go_on();
    bool turns_out_large(const schedule_server& server) const;
    bool run_one(std::shared_ptr<schedule_server>& server, const orders& asked, std::uint64_t number);
    void find_expected_output();
    void renew(std::shared_ptr<schedule_server>& server);
    void take_hot(schedule_server& server);
    void give_hot(const schedule_server& server);
    void weigh(const recording& r);
    void note_threads(std::uint64_t n);
    void fill_weights(channel& c, const orders& asked);
    bool may_go_on(std::uint64_t number);
    bool systematic_only() const { return o_.mode == search_mode::bounded || o_.mode == search_mode::dfs; }
    bool time_left() const { return rt::clock::now() - begin_ < o_.time && !stop_; }
    void conclude(search_result& result, const std::function<void(finding&, const schedule_server&)>& use);

    const server_maker& make_;
    const search_options& o_;
    const rt::clock::time_point begin_;
    const rt::deadline until_;
    const int first_cpu_ = ::sched_getcpu();
    std::atomic<unsigned> servers_{0};
    std::atomic<std::uint64_t> next_{1};
    std::atomic<std::uint64_t> done_{0};
    std::atomic<std::uint64_t> steps_{0};
    std::atomic<std::uint64_t> stopped_{0};
    std::atomic<std::uint64_t> expected_{0};
    std::atomic<std::uint64_t> decisions_{0};
    std::atomic<std::uint64_t> threads_{0};
    std::atomic<std::uint32_t> unmodelled_{0};
    std::atomic<bool> instrumented_{false};
    std::atomic<bool> baton_{false};  // the carrier has got stuck
    std::atomic<bool> stop_{false};
    std::atomic<bool> interrupted_{false};

    heddle::mutex lock_;
    std::optional<failure> failure_;
    std::vector<std::uint64_t> hot_;
    std::unordered_map<std::uint64_t, std::uint64_t> weights_;  // by thread path, with those it started
    std::vector<std::uint64_t> addresses_;                      // on which threads met
    std::string not_supported_;
    std::optional<std::string> expected_output_;  // set before the jobs begin
    search_result result_;
};

}  // namespace heddle::inline v0::check
