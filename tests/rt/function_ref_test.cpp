// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/function_ref.hpp>

#include <gtest/gtest.h>
#include <memory>

using heddle::rt::function_ref;

namespace {
int call(function_ref<int(int)> f, int x) {
    return f(x);
}
int twice(int x) {
    return 2 * x;
}
}  // namespace

TEST(function_ref, calls_what_it_refers_to_and_not_a_copy) {
    int calls = 0;
    auto count = [&calls, own = 0](int x) mutable {
        calls = ++own;
        return x + 1;
    };
    EXPECT_EQ(call(count, 1), 2);
    EXPECT_EQ(call(count, 2), 3);
    EXPECT_EQ(calls, 2);
}

TEST(function_ref, takes_temporaries_const_callables_and_functions) {
    const auto three = [](int) { return 3; };
    EXPECT_EQ(call(three, 0), 3);
    EXPECT_EQ(call([](int x) { return x; }, 4), 4);
    EXPECT_EQ(call(&twice, 4), 8);
}

TEST(function_ref, passes_things_that_can_only_be_moved) {
    auto take = [](std::unique_ptr<int> p) { return p; };
    function_ref<std::unique_ptr<int>(std::unique_ptr<int>)> f = take;
    EXPECT_EQ(*f(std::make_unique<int>(9)), 9);
}
