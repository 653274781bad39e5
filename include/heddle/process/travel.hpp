// SPDX-License-Identifier: BSL-1.0
#pragma once

// What may travel to another process, and how: functions and captureless lambdas by their place in the
// program, values by copy. Trivially copyable values and vectors of them travel as bytes, others through cereal,
// so a type of yours travels once it has a `serialize` member or function as cereal wants it.

#include <array>
#include <cereal/archives/binary.hpp>
#include <cereal/types/array.hpp>
#include <cereal/types/chrono.hpp>
#include <cereal/types/deque.hpp>
#include <cereal/types/list.hpp>
#include <cereal/types/map.hpp>
#include <cereal/types/optional.hpp>
#include <cereal/types/set.hpp>
#include <cereal/types/string.hpp>
#include <cereal/types/tuple.hpp>
#include <cereal/types/unordered_map.hpp>
#include <cereal/types/unordered_set.hpp>
#include <cereal/types/utility.hpp>
#include <cereal/types/variant.hpp>
#include <cereal/types/vector.hpp>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <functional>
#include <heddle/rt/config.hpp>
#include <heddle/rt/error.hpp>
#include <istream>
#include <optional>
#include <ostream>
#include <span>
#include <streambuf>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

namespace heddle::inline v0 {

/// A trivially copyable closure that travels with its captures, as bytes.
template <class F> class bitwise_closure {
 public:
    explicit bitwise_closure(F f) noexcept : f_(f) {}
    template <class... Args> decltype(auto) operator()(Args&&... args) {
        return f_(std::forward<Args>(args)...);
    }

 private:
    F f_;
};

/// Lets a closure with captures travel as bytes. You vouch that they mean the same in another process:
/// values, not pointers, references or views.
template <class F> bitwise_closure<F> bitwise(F closure) noexcept {
    static_assert(std::is_trivially_copyable_v<F>,
                  "bitwise() is for trivially copyable closures: pass what this one captures as arguments");
    return bitwise_closure<F>(closure);
}

namespace detail {

template <class T> inline constexpr bool is_view = false;
template <class C, class Tr> inline constexpr bool is_view<std::basic_string_view<C, Tr>> = true;
template <class T, std::size_t N> inline constexpr bool is_view<std::span<T, N>> = true;

template <class T> inline constexpr bool is_reference_wrapper = false;
template <class T> inline constexpr bool is_reference_wrapper<std::reference_wrapper<T>> = true;

template <class T> inline constexpr bool is_bitwise = false;
template <class F> inline constexpr bool is_bitwise<bitwise_closure<F>> = true;

/// The types of the values that a standard type holds, which must travel too: a std::optional<char*> is as
/// trivially copyable as a pointer, and as useless over there.
template <class... Ts> struct parts {};
template <class T> struct parts_of { using type = parts<>; };
template <class T, std::size_t N> struct parts_of<std::array<T, N>> { using type = parts<T>; };
template <class T> struct parts_of<std::optional<T>> { using type = parts<T>; };
template <class T, class A> struct parts_of<std::vector<T, A>> { using type = parts<T>; };
template <class T, class U> struct parts_of<std::pair<T, U>> { using type = parts<T, U>; };
template <class... Ts> struct parts_of<std::tuple<Ts...>> { using type = parts<Ts...>; };
template <class... Ts> struct parts_of<std::variant<Ts...>> { using type = parts<Ts...>; };

template <class... Ts> constexpr void check_parts_travel(parts<Ts...>);

/// A vector whose items lie there as they are to travel: all in one go, also where cereal would go item by item.
template <class T> inline constexpr bool is_block = false;
template <class T, class A>
inline constexpr bool is_block<std::vector<T, A>> =
    std::is_trivially_copyable_v<T> && std::is_default_constructible_v<T> && !std::is_same_v<T, bool>;

/// Compiles only for types that may travel; otherwise says what to do.
template <class T> constexpr void check_travels() {
    static_assert(!std::is_pointer_v<T> && !std::is_member_pointer_v<T>,
                  "a pointer does not travel to another process: pass the value that it points to");
    static_assert(!std::is_reference_v<T> && !is_reference_wrapper<T>,
                  "a reference does not travel to another process: pass a copy, and return what changes");
    static_assert(!is_view<T>,
                  "a view does not travel to another process: pass a std::string or a std::vector");
    if constexpr (!std::is_reference_v<T>)
        static_assert(std::is_trivially_copyable_v<T> || is_block<T> ||
                          (cereal::traits::is_output_serializable<T, cereal::BinaryOutputArchive>::value &&
                           cereal::traits::is_input_serializable<T, cereal::BinaryInputArchive>::value),
                      "a value of this type does not travel to another process: give the type a serialize() "
                      "member that names "
                      "its members for cereal, or pass what it holds");
    check_parts_travel(typename parts_of<T>::type());
}

template <class... Ts> constexpr void check_parts_travel(parts<Ts...>) {
    (check_travels<std::remove_cv_t<Ts>>(), ...);
}

/// Compiles only for callables that may travel; otherwise says what to do.
template <class F> constexpr void check_callable_travels() {
    constexpr bool is_function = std::is_pointer_v<F> && std::is_function_v<std::remove_pointer_t<F>>;
    static_assert(
        is_function || is_bitwise<F> || (std::is_empty_v<F> && std::is_default_constructible_v<F>),
        "a closure with captures does not travel to another process: pass what it captures as arguments, or "
        "wrap it in heddle::bitwise() if its captures are plain values");
}

/// How many bytes follow; what a message between processes begins with.
using frame_header = std::uint64_t;

/// Collects bytes that are to travel, as one message.
class HEDDLE_API packer : private std::streambuf {
 public:
    packer() : buffer_(sizeof(frame_header)), stream_(this) {}

    void bytes(const void* data, std::size_t size) {
        const auto* const from = static_cast<const std::byte*>(data);
        buffer_.insert(buffer_.end(), from, from + size);
    }

    template <class T> void value(const T& v) {
        check_travels<T>();
        if constexpr (std::is_trivially_copyable_v<T>) {
            bytes(&v, sizeof v);
        } else if constexpr (is_block<T>) {
            value(std::uint64_t{v.size()});
            bytes(v.data(), v.size() * sizeof(typename T::value_type));
        } else {
            cereal::BinaryOutputArchive archive(stream_);
            archive(v);
        }
    }

    std::size_t size() const noexcept { return buffer_.size(); }
    /// Forgets what was added since size() was `size`.
    void shrink(std::size_t size) noexcept { buffer_.resize(size); }

    /// The message: header and content.
    std::vector<std::byte> take() && noexcept {
        const frame_header size = buffer_.size() - sizeof(frame_header);
        std::memcpy(buffer_.data(), &size, sizeof size);
        return std::move(buffer_);
    }

 private:
    std::streamsize xsputn(const char* data, std::streamsize size) override;
    int_type overflow(int_type c) override;

    std::vector<std::byte> buffer_;
    std::ostream stream_;
};

/// Reads the content of what a packer collected. @throws heddle::error if there is less than expected.
class HEDDLE_API unpacker : private std::streambuf {
 public:
    explicit unpacker(std::span<const std::byte> from) : rest_(from), stream_(this) {}

    void bytes(void* data, std::size_t size);

    template <class T> T value() {
        check_travels<T>();
        if constexpr (std::is_trivially_copyable_v<T>) {
            // A union, because a trivially copyable type, a closure say, need not be default constructible.
            union space {
                space() {}
                T v;
            } s;
            bytes(&s.v, sizeof(T));
            return s.v;
        } else if constexpr (is_block<T>) {
            using item = typename T::value_type;
            const auto count = value<std::uint64_t>();
            if (count > rest_.size() / sizeof(item)) too_short();
            T v(static_cast<std::size_t>(count));
            bytes(v.data(), v.size() * sizeof(item));
            return v;
        } else {
            T v;
            cereal::BinaryInputArchive archive(stream_);
            archive(v);
            return v;
        }
    }

 private:
    [[noreturn]] static void too_short();
    std::streamsize xsgetn(char* data, std::streamsize size) override;

    std::span<const std::byte> rest_;
    std::istream stream_;
};

/// The place of a function in the program: which module, and where in it. It means the same in every process
/// that has loaded the same module, wherever that is mapped.
struct function_place {
    std::uint64_t module = 0;  // a hash of its build id
    std::uint64_t offset = 0;
};

/// @throws heddle::error if `address` is in no module.
HEDDLE_API function_place place_of(const void* address);
/// @throws heddle::error if the module is not loaded here.
HEDDLE_API const void* address_of(const function_place& place);

template <class F> void pack_callable(packer& out, const F& f) {
    check_callable_travels<F>();
    if constexpr (std::is_pointer_v<F>)
        out.value(place_of(reinterpret_cast<const void*>(f)));
    else if constexpr (is_bitwise<F>)
        out.bytes(&f, sizeof f);
}

template <class F> F unpack_callable(unpacker& in) {
    if constexpr (std::is_pointer_v<F>) {
        return reinterpret_cast<F>(const_cast<void*>(address_of(in.value<function_place>())));
    } else if constexpr (is_bitwise<F>) {
        return in.value<F>();
    } else {
        return F{};
    }
}

/// The exception being handled, as bytes; and such bytes as an exception.
HEDDLE_API void pack_exception(packer& out, const std::exception_ptr& error);
HEDDLE_API std::exception_ptr unpack_exception(unpacker& in);

}  // namespace detail
}  // namespace heddle::inline v0
