// SPDX-License-Identifier: BSL-1.0
#pragma once

// A policy that is chosen at run time, by name or by the user: what heddle sched and heddle check take. It
// costs an indirect call; where the policy is known when the program is compiled, use that type itself.

#include <concepts>
#include <cstdint>
#include <heddle/policy/policy.hpp>
#include <heddle/rt/config.hpp>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace heddle::inline v0::policy {

/// Any policy whose tasks are numbered, as a value. Copying it copies the policy.
class any_policy {
 public:
    using id_type = std::uint64_t;

    // Not itself, which is asked first: whether it can be copied must not depend on this constructor.
    template <class P>
        requires(!std::same_as<P, any_policy>) && scheduling_policy<P> &&
                std::same_as<typename P::id_type, std::uint64_t>
    any_policy(P policy) : held_(std::make_unique<holder<P>>(std::move(policy))) {}

    any_policy(const any_policy& other) : held_(other.held_->copy()) {}
    any_policy(any_policy&&) noexcept = default;
    any_policy& operator=(const any_policy& other) {
        if (this != &other) held_ = other.held_->copy();
        return *this;
    }
    any_policy& operator=(any_policy&&) noexcept = default;

    void arrive(const task_info<>& task, time now) { held_->arrive(task, now); }
    std::optional<std::uint64_t> pick(time now, task_filter<> only = {}) { return held_->pick(now, only); }
    duration slice(const std::uint64_t& id, duration used, time now, task_filter<> only = {}) const {
        return held_->slice(id, used, now, only);
    }
    bool preempts(const std::uint64_t& id, duration used, time now, task_filter<> only = {}) const {
        return held_->preempts(id, used, now, only);
    }
    void ran(const std::uint64_t& id, duration used, stop_reason why, time now) {
        held_->ran(id, used, why, now);
    }
    void leave(const std::uint64_t& id, time now) { held_->leave(id, now); }

    /// Whether slice() has to be asked at all, and whether preempts(), or slice(), has to be asked of running
    /// tasks when somebody comes.
    bool slices() const noexcept { return held_->slices; }
    bool displaces() const noexcept { return held_->displaces; }
    bool reslices() const noexcept { return held_->reslices; }

    /// The policy's type as the compiler writes it, for messages. There as long as the program.
    std::string_view type_name() const noexcept { return held_->type_name; }

    /// Does nothing where the policy does not care.
    void adjust(const task_info<>& task, time now) { held_->adjust(task, now); }

    /// Where the policy does not say: no words, nothing.
    reason why_picked(const std::uint64_t& id, time now) const { return held_->why_picked(id, now); }
    reason why_over(const std::uint64_t& id, duration used, time now) const {
        return held_->why_over(id, used, now);
    }
    std::optional<bool> more_urgent(int a, int b) const { return held_->more_urgent(a, b); }

    /// False where the policy does not say.
    bool makes_way_before(const std::uint64_t& a, duration used_a, const std::uint64_t& b, duration used_b,
                          time now) const {
        return held_->makes_way_before(a, used_a, b, used_b, now);
    }

 private:
    struct any_holder {
        any_holder(bool may_slice, bool may_displace, bool may_reslice, std::string_view name)
            : slices(may_slice),
              displaces(may_displace),
              reslices(may_reslice),
              type_name(name) {}
        any_holder(const any_holder&) = delete;
        any_holder& operator=(const any_holder&) = delete;
        virtual ~any_holder() = default;
        virtual std::unique_ptr<any_holder> copy() const = 0;
        virtual void arrive(const task_info<>& task, time now) = 0;
        virtual std::optional<std::uint64_t> pick(time now, task_filter<> only) = 0;
        virtual duration slice(std::uint64_t id, duration used, time now, task_filter<> only) const = 0;
        virtual bool preempts(std::uint64_t id, duration used, time now, task_filter<> only) const = 0;
        virtual void ran(std::uint64_t id, duration used, stop_reason why, time now) = 0;
        virtual void leave(std::uint64_t id, time now) = 0;
        virtual void adjust(const task_info<>& task, time now) = 0;
        virtual reason why_picked(std::uint64_t id, time now) const = 0;
        virtual reason why_over(std::uint64_t id, duration used, time now) const = 0;
        virtual std::optional<bool> more_urgent(int a, int b) const = 0;
        virtual bool makes_way_before(std::uint64_t a, duration used_a, std::uint64_t b, duration used_b,
                                      time now) const = 0;

        const bool slices;
        const bool displaces;
        const bool reslices;
        const std::string_view type_name;
    };

    // Without typeid, which not everybody who includes this has: from "… [with P = NAME; …]", or "[P =
    // NAME]".
    template <class P> static consteval std::string_view name_of() {
        std::string_view text = __PRETTY_FUNCTION__;
        text.remove_prefix(text.find("P = ") + 4);
        return text.substr(0, text.find_first_of(";]"));
    }

    template <class P> struct holder final : any_holder {
        explicit holder(P p)
            : any_holder(slicing_policy<P>, displacing_policy<P>, reslicing_policy<P>, name_of<P>()),
              policy(std::move(p)) {}
        std::unique_ptr<any_holder> copy() const override { return std::make_unique<holder>(policy); }
        void arrive(const task_info<>& task, time now) override { policy.arrive(task, now); }
        std::optional<std::uint64_t> pick(time now, task_filter<> only) override {
            if constexpr (filtering_policy<P>)
                return policy.pick(now, only);
            else
                return only.everyone() ? policy.pick(now) : pick_by_trying(now, only);
        }
        duration slice(std::uint64_t id, duration used, time now, task_filter<> only) const override {
            if constexpr (requires { policy.slice(id, used, now, only); })
                return policy.slice(id, used, now, only);
            else if constexpr (filtering_policy<P>)
                return policy.slice(id, used, now);
            else
                return only.everyone() ? policy.slice(id, used, now)
                                       : without_others(now, only).slice(id, used, now);
        }
        bool preempts(std::uint64_t id, duration used, time now, task_filter<> only) const override {
            if constexpr (requires { policy.preempts(id, used, now, only); })
                return policy.preempts(id, used, now, only);
            else if constexpr (filtering_policy<P>)
                return policy.preempts(id, used, now);
            else
                return only.everyone() ? policy.preempts(id, used, now)
                                       : without_others(now, only).preempts(id, used, now);
        }
        void ran(std::uint64_t id, duration used, stop_reason why, time now) override {
            policy.ran(id, used, why, now);
        }
        void leave(std::uint64_t id, time now) override { policy.leave(id, now); }
        void adjust([[maybe_unused]] const task_info<>& task, [[maybe_unused]] time now) override {
            if constexpr (adjustable_policy<P>) policy.adjust(task, now);
        }
        bool makes_way_before([[maybe_unused]] std::uint64_t a, [[maybe_unused]] duration used_a,
                              [[maybe_unused]] std::uint64_t b, [[maybe_unused]] duration used_b,
                              [[maybe_unused]] time now) const override {
            if constexpr (ranking_policy<P>)
                return policy.makes_way_before(a, used_a, b, used_b, now);
            else
                return false;
        }

        reason why_picked([[maybe_unused]] std::uint64_t id, [[maybe_unused]] time now) const override {
            if constexpr (explaining_policy<P>)
                return policy.why_picked(id, now);
            else
                return {};
        }
        reason why_over([[maybe_unused]] std::uint64_t id, [[maybe_unused]] duration used,
                        [[maybe_unused]] time now) const override {
            if constexpr (requires(const P& p) { p.why_over(id, used, now); })
                return policy.why_over(id, used, now);
            else
                return {};
        }
        std::optional<bool> more_urgent([[maybe_unused]] int a, [[maybe_unused]] int b) const override {
            if constexpr (requires(const P& p) { std::optional<bool>(p.more_urgent(a, b)); })
                return policy.more_urgent(a, b);
            else
                return std::nullopt;
        }

        // Of a policy that takes no filter: one after the other is picked until it is the right one, and
        // those before it are put back, as if they had been displaced at once.
        std::optional<std::uint64_t> pick_by_trying(time now, task_filter<> only) {
            std::vector<std::uint64_t> others;
            std::optional<std::uint64_t> id = policy.pick(now);
            for (; id && !only(*id); id = policy.pick(now)) others.push_back(*id);
            for (const std::uint64_t other : others)
                policy.ran(other, duration::zero(), stop_reason::preempted, now);
            return id;
        }
        P without_others(time now, task_filter<> only) const {
            P copy = policy;
            std::vector<std::uint64_t> back;
            while (const std::optional<std::uint64_t> id = copy.pick(now))
                if (only(*id))
                    back.push_back(*id);
                else
                    copy.leave(*id, now);
            for (const std::uint64_t id : back) copy.ran(id, duration::zero(), stop_reason::preempted, now);
            return copy;
        }

        P policy;
    };

    std::unique_ptr<any_holder> held_;
};
static_assert(adjustable_policy<any_policy> && filtering_policy<any_policy> && ranking_policy<any_policy>);

/// Whether the durations of a description have a unit (4ms) or are numbers of something that the user has in
/// mind (4). What is not as it should be is refused, except 0.
enum class duration_units : std::uint8_t { either, required, none };

/// What make_policy() takes where the description says nothing else.
struct policy_defaults {
    duration quantum{4};              ///< of those that have one
    bool lower_is_higher = false;     ///< which number is the higher priority
    bool preemptive = false;          ///< priority, which can be either
    std::optional<tie_break> ties{};  ///< of those that have none of their own (stride: the smaller id)
    std::uint64_t seed = 1;
    duration_units units = duration_units::either;
};

/// A policy from its description: a name, and words that set it up, between blanks or colons: "fcfs",
/// "round_robin 4ms", "priority preemptive age=100ms", "mlfq:10,10,20:boost=100". A duration without a unit
/// is in nanoseconds, which a simulation may take for anything; it has no fractions. Throws:
/// std::invalid_argument that names the word it did not understand and says what there is.
HEDDLE_API any_policy make_policy(std::string_view description, const policy_defaults& defaults = {});

/// The names that make_policy() knows, each with a line that says what its words are.
HEDDLE_API std::vector<std::pair<std::string, std::string>> policy_names();

}  // namespace heddle::inline v0::policy
