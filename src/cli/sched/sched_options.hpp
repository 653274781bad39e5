// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/sched/simulate.hpp>
#include <optional>
#include <sched/read.hpp>
#include <string>
#include <vector>

namespace heddle::inline v0::cli {

struct sched_options {
    std::vector<std::string> arguments{};  ///< the file, or the command to record
    std::vector<std::string> policies{};
    std::string generate{};
    std::string textbook{};  ///< a case, or "all"
    bool list_textbook = false;
    sched::file_format format = sched::file_format::automatic;
    sched::simulation_options machine{};  ///< what is not said otherwise here
    std::optional<std::int64_t> cache{};
    std::optional<int> warm_speed{};
    int cpus = 0;  ///< 0: as the file says, or one
    // Times as the user wrote them; what they mean depends on the file.
    std::string quantum{}, switch_cost{}, until{}, steal_every{}, warm_after{};
    std::string ties{};
    std::uint64_t seed = 1;
    bool explain = false;
    bool gantt = false;
    bool no_gantt = false;
    bool json = false;
    bool csv = false;
    std::string svg{}, html{}, trace{};
    bool ps = false;
    std::vector<std::string> renice{};  ///< PID NICE
    std::vector<std::string> set{};     ///< PID CLASS[:PRIORITY]
    bool record = false;
    bool live = false;
    std::string unit{};  ///< live: how long a unit of time lasts
};

/// A time that the user wrote, or `otherwise` if there is none. Throws: usage_error that names `option`.
sched::duration time_in(const std::string& text, const char* option, sched::duration otherwise,
                        policy::duration_units units);
/// What times beside a workload have: units, if its own have.
policy::duration_units units_of(sched::time_unit unit);

/// The workload that the options ask for, with its title. Throws: usage_error.
sched::workload asked_workload(const sched_options& options, std::string& title);
/// What policies are made with that do not say it themselves.
policy::policy_defaults asked_defaults(const sched_options& options, sched::time_unit unit);

int run_sched(const sched_options& options);

/// heddle sched --live.
int run_live(const sched_options& options);

/// heddle sched --ps, --renice, --set.
int run_processes(const sched_options& options);

/// heddle sched --record.
int run_record(const sched_options& options);

}  // namespace heddle::inline v0::cli
