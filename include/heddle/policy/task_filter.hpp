// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <concepts>
#include <cstdint>

namespace heddle::inline v0::policy {

/// Which tasks come into question, where a driver does not mean all of them: those that may run on one CPU.
/// Refers to a predicate on ids, which must outlive it and give the same answers in one call; without one,
/// everybody does.
template <class Id = std::uint64_t> class task_filter {
 public:
    constexpr task_filter() noexcept = default;

    // Implicit on purpose: it stands in for the predicate.
    template <class Predicate>
        requires(!std::same_as<Predicate, task_filter>) && std::predicate<const Predicate&, const Id&>
    constexpr task_filter(const Predicate& allowed) noexcept
        : allowed_(&allowed),
          ask_([](const void* on, const Id& id) -> bool {
              return (*static_cast<const Predicate*>(on))(id);
          }) {}

    constexpr bool everyone() const noexcept { return ask_ == nullptr; }
    constexpr bool operator()(const Id& id) const { return ask_ == nullptr || ask_(allowed_, id); }

 private:
    const void* allowed_ = nullptr;
    bool (*ask_)(const void*, const Id&) = nullptr;
};

}  // namespace heddle::inline v0::policy
