// SPDX-License-Identifier: BSL-1.0
#include <heddle/policy/id_map.hpp>
#include <heddle/policy/random_stream.hpp>

#include <gtest/gtest.h>
#include <map>
#include <string>

using heddle::policy::id_map;
using heddle::policy::random_stream;

TEST(id_map, agrees_with_a_map_of_the_standard_library) {
    id_map<std::uint64_t, int> tested;
    std::map<std::uint64_t, int> expected;
    random_stream random(7);
    for (int step = 0; step < 20000; ++step) {
        const std::uint64_t id = random.below(300) * (step % 2 == 0 ? 1 : 1u << 20);
        if (random.below(2) == 0) {
            tested[id] = step;
            expected[id] = step;
        } else {
            EXPECT_EQ(tested.erase(id), expected.erase(id) == 1);
        }
        ASSERT_EQ(tested.size(), expected.size());
        if (step % 500 != 0) continue;
        for (std::uint64_t n = 0; n < 300; ++n)
            for (const std::uint64_t key : {n, n << 20}) {
                const auto at = expected.find(key);
                const int* const found = tested.find(key);
                ASSERT_EQ(found != nullptr, at != expected.end());
                if (found != nullptr) {
                    ASSERT_EQ(*found, at->second);
                }
            }
    }
}

TEST(id_map, takes_ids_that_are_not_integers) {
    id_map<std::string, int> m;
    m["a"] = 1;
    EXPECT_EQ(*m.find("a"), 1);
    EXPECT_EQ(m.find("b"), nullptr);
    EXPECT_TRUE(m.erase("a"));
    EXPECT_FALSE(m.erase("a"));
}
