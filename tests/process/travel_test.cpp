// SPDX-License-Identifier: BSL-1.0
#include <heddle/process/travel.hpp>

#include <dlfcn.h>
#include <gtest/gtest.h>
#include <array>
#include <cmath>
#include <cstdlib>
#include <functional>
#include <heddle/process/process_pool.hpp>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "library.hpp"

namespace {

int twice(int n) {
    return 2 * n;
}
int thrice(int n) noexcept {
    return 3 * n;
}
template <class T> T echo(T value) {
    return value;
}

struct tools {
    static int square(int n) { return n * n; }
};

struct add {
    int operator()(int a, int b) const { return a + b; }
};

struct point {
    double x;
    double y;
    friend bool operator==(const point&, const point&) = default;
};

struct person {
    std::string name;
    std::vector<int> numbers;
    std::optional<std::string> note;
    template <class Archive> void serialize(Archive& archive) { archive(name, numbers, note); }
    friend bool operator==(const person&, const person&) = default;
};

class without_default {
 public:
    explicit without_default(int n) : n_(n) {}
    int get() const { return n_; }

 private:
    int n_;
};

enum class colour : char { red, green };

template <class T> T there_and_back(heddle::process_pool& procs, const T& value) {
    return procs.submit(echo<T>, value).get();
}

class travel : public ::testing::Test {
 protected:
    heddle::process_pool procs{1};
};

}  // namespace

TEST_F(travel, a_function_travels) {
    EXPECT_EQ(procs.submit(twice, 21).get(), 42);
    EXPECT_EQ(procs.submit(&twice, 21).get(), 42);
}

TEST_F(travel, a_noexcept_function_travels) {
    EXPECT_EQ(procs.submit(thrice, 14).get(), 42);
}

TEST_F(travel, a_static_member_function_travels) {
    EXPECT_EQ(procs.submit(tools::square, 6).get(), 36);
}

TEST_F(travel, an_instance_of_a_function_template_travels) {
    EXPECT_EQ(procs.submit(echo<long>, 5L).get(), 5L);
}

TEST_F(travel, functions_of_the_same_type_are_told_apart) {
    for (int (*f)(int) : {&twice, &tools::square}) EXPECT_EQ(procs.submit(f, 7).get(), f(7));
}

TEST_F(travel, a_function_of_a_shared_library_travels) {
    EXPECT_EQ(procs.submit(test_library::seventh_of, 49).get(), 7);
}

TEST_F(travel, a_function_of_libc_travels) {
    int (*const f)(int) = &std::abs;
    EXPECT_EQ(procs.submit(f, -5).get(), 5);
}

TEST_F(travel, a_captureless_lambda_travels) {
    EXPECT_EQ(procs.submit([](int n) { return n + 1; }, 41).get(), 42);
    EXPECT_EQ(procs.submit([](auto n) { return n + 1; }, 41).get(), 42);
}

TEST_F(travel, an_empty_function_object_travels) {
    EXPECT_EQ(procs.submit(add{}, 40, 2).get(), 42);
    EXPECT_EQ(procs.submit(std::multiplies<>{}, 6, 7).get(), 42);
}

TEST_F(travel, a_bitwise_closure_travels_with_its_captures) {
    int base = 40;
    const point p{1.5, 0.5};
    EXPECT_EQ(procs.submit(heddle::bitwise([base, p](int n) { return base + n * int(p.x + p.y); }), 1).get(),
              42);
}

TEST_F(travel, a_call_without_result_travels) {
    auto done = procs.submit([] {});
    done.get();
    EXPECT_EQ(done.status(), heddle::future_status::finished);
}

TEST_F(travel, values_without_pointers_arrive_as_they_were) {
    EXPECT_EQ(there_and_back(procs, true), true);
    EXPECT_EQ(there_and_back(procs, 'c'), 'c');
    EXPECT_EQ(there_and_back(procs, colour::green), colour::green);
    EXPECT_TRUE(std::isnan(there_and_back(procs, std::nan(""))));
    EXPECT_EQ(there_and_back(procs, point{1, 2}), (point{1, 2}));
    EXPECT_EQ(there_and_back(procs, std::array<int, 3>{1, 2, 3}), (std::array<int, 3>{1, 2, 3}));
    EXPECT_EQ(there_and_back(procs, std::chrono::nanoseconds(5)), std::chrono::nanoseconds(5));
}

TEST_F(travel, a_value_without_default_constructor_arrives_if_it_is_bytes) {
    EXPECT_EQ(procs.submit([](without_default v) { return v; }, without_default(5)).get().get(), 5);
}

TEST_F(travel, strings_and_containers_arrive_as_they_were) {
    using namespace std::string_literals;
    EXPECT_EQ(there_and_back(procs, ""s), "");
    EXPECT_EQ(there_and_back(procs, "a\0b"s), "a\0b"s);
    EXPECT_EQ(there_and_back(procs, std::vector<int>{}), std::vector<int>{});
    EXPECT_EQ(there_and_back(procs, std::vector<bool>{true, false}), (std::vector<bool>{true, false}));
    EXPECT_EQ(there_and_back(procs, std::vector<std::string>{"warp", "weft"}),
              (std::vector<std::string>{"warp", "weft"}));
    EXPECT_EQ(there_and_back(procs, std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}}),
              (std::map<std::string, std::vector<int>>{{"a", {1}}, {"b", {}}}));
    EXPECT_EQ(there_and_back(procs, std::pair{1, "one"s}), (std::pair{1, "one"s}));
    EXPECT_EQ(there_and_back(procs, std::tuple{1, "one"s, 2.0}), (std::tuple{1, "one"s, 2.0}));
    EXPECT_EQ(there_and_back(procs, std::optional<std::string>{}), std::nullopt);
    EXPECT_EQ(there_and_back(procs, std::optional{"x"s}), std::optional{"x"s});
    using either = std::variant<int, std::string>;
    EXPECT_EQ(there_and_back(procs, either{"x"s}), either{"x"s});
}

TEST_F(travel, a_vector_of_plain_values_arrives_as_it_was) {
    const std::vector<std::byte> bytes(1000, std::byte{7});
    EXPECT_EQ(there_and_back(procs, bytes), bytes);
    EXPECT_EQ(there_and_back(procs, std::vector<std::byte>{}), std::vector<std::byte>{});
    EXPECT_EQ(there_and_back(procs, std::vector<point>{{1, 2}, {3, 4}}), (std::vector<point>{{1, 2}, {3, 4}}));
}

TEST_F(travel, a_type_that_names_its_members_for_cereal_arrives_as_it_was) {
    const person ada{"Ada", {1, 2, 3}, "first"};
    EXPECT_EQ(there_and_back(procs, ada), ada);
    EXPECT_EQ(there_and_back(procs, std::vector<person>{ada, {}}), (std::vector<person>{ada, {}}));
}

TEST_F(travel, arguments_arrive_in_their_order) {
    const auto digits = [](int a, std::string b, char c, std::string d) {
        return std::to_string(a) + b + c + d;
    };
    EXPECT_EQ(procs.submit(digits, 1, std::string("2"), '3', std::string("4")).get(), "1234");
}

TEST_F(travel, an_argument_is_a_copy_and_the_original_stays_as_it_was) {
    std::vector<int> numbers{1, 2, 3};
    const auto clear = [](std::vector<int> v) {
        v.clear();
        return v.size();
    };
    EXPECT_EQ(procs.submit(clear, numbers).get(), 0u);
    EXPECT_EQ(numbers.size(), 3u);
}

TEST_F(travel, sixty_four_megabytes_go_there_and_come_back) {
    std::vector<std::uint32_t> block(16 << 20);
    for (std::size_t i = 0; i < block.size(); ++i) block[i] = static_cast<std::uint32_t>(i * 2654435761u);
    EXPECT_TRUE(there_and_back(procs, block) == block);
}

TEST_F(travel, a_function_of_a_library_that_the_worker_has_not_loaded_is_an_error) {
    void* const plugin = ::dlopen(HEDDLE_TEST_PLUGIN, RTLD_NOW | RTLD_LOCAL);
    ASSERT_NE(plugin, nullptr) << ::dlerror();
    const auto f = reinterpret_cast<int (*)(int)>(::dlsym(plugin, "plugin_ninth_of"));
    ASSERT_NE(f, nullptr);
    EXPECT_EQ(f(81), 9);
    try {
        procs.submit(f, 81).get();
        FAIL() << "it ran";
    } catch (const heddle::remote_error& e) {
        EXPECT_NE(std::string(e.what()).find("has not loaded the module"), std::string::npos) << e.what();
    }
    EXPECT_EQ(procs.submit(twice, 21).get(), 42) << "the pool goes on";
    ::dlclose(plugin);
}

TEST(function_place, leads_back_to_the_function) {
    const auto* const address = reinterpret_cast<const void*>(&twice);
    EXPECT_EQ(heddle::detail::address_of(heddle::detail::place_of(address)), address);
}

TEST(function_place, of_something_that_is_in_no_module_is_an_error) {
    const int local = 0;
    EXPECT_THROW(heddle::detail::place_of(&local), heddle::error);
    EXPECT_THROW(heddle::detail::place_of(nullptr), heddle::error);
}

TEST(function_place, in_a_module_that_is_not_loaded_is_an_error) {
    auto place = heddle::detail::place_of(reinterpret_cast<const void*>(&twice));
    ++place.module;
    EXPECT_THROW(heddle::detail::address_of(place), heddle::error);
    EXPECT_THROW(heddle::detail::address_of({}), heddle::error);
}

TEST(unpacker, a_message_that_is_too_short_is_an_error) {
    heddle::detail::packer out;
    out.value(std::int32_t{5});
    out.value(std::string("five"));
    out.value(std::vector<int>{5, 5});
    const auto message = std::move(out).take();
    const auto content = std::span(message).subspan(sizeof(heddle::detail::frame_header));
    for (std::size_t size = 0; size < content.size(); ++size) {
        heddle::detail::unpacker in(content.first(size));
        EXPECT_ANY_THROW({
            in.value<std::int32_t>();
            in.value<std::string>();
            in.value<std::vector<int>>();
        }) << size;
    }
    heddle::detail::unpacker in(content);
    EXPECT_EQ(in.value<std::int32_t>(), 5);
    EXPECT_EQ(in.value<std::string>(), "five");
    EXPECT_EQ(in.value<std::vector<int>>(), (std::vector<int>{5, 5}));
}
