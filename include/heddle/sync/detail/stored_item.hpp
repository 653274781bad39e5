// SPDX-License-Identifier: BSL-1.0
#pragma once

// How a queue keeps an item so that nothing can fail once its place in the queue is taken: as it is where
// moving it cannot throw, and in an allocation of its own otherwise. What can throw happens before, or after.

#include <concepts>
#include <memory>
#include <type_traits>
#include <utility>

namespace heddle::inline v0::detail {

template <class T>
using stored = std::conditional_t<std::is_nothrow_move_constructible_v<T>, T, std::unique_ptr<T>>;

template <class T> T& item_in(stored<T>& s) noexcept {
    if constexpr (std::is_same_v<stored<T>, T>)
        return s;
    else
        return *s;
}

template <class T, class U> stored<T> make_stored(U&& from) {
    if constexpr (std::is_same_v<stored<T>, T>)
        return T(std::forward<U>(from));
    else
        return std::make_unique<T>(std::forward<U>(from));
}

/// Whether a T can be made of a U at the last moment, when it can no longer fail.
template <class T, class U>
inline constexpr bool made_late = std::is_same_v<stored<T>, T> && std::is_nothrow_constructible_v<T, U&&>;

/// An item to be put, made when it is called for, which is at most once; until then `from` is untouched.
template <class T, class U> class late_item {
 public:
    explicit late_item(U&& from) noexcept : from_(std::forward<U>(from)) {}
    T operator()() noexcept { return T(std::forward<U>(from_)); }

 private:
    U&& from_;
};

/// An item to be put, made already.
template <class T> class early_item {
 public:
    template <class U>
        requires(!std::same_as<std::remove_cvref_t<U>, early_item>)
    explicit early_item(U&& from) : item_(make_stored<T>(std::forward<U>(from))) {}
    stored<T> operator()() noexcept { return std::move(item_); }

 private:
    stored<T> item_;
};

template <class T, class U>
using source_item = std::conditional_t<made_late<T, U>, late_item<T, U>, early_item<T>>;

}  // namespace heddle::inline v0::detail
