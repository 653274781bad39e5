// SPDX-License-Identifier: BSL-1.0
#include <heddle/policy/id_index.hpp>
#include <heddle/policy/random_stream.hpp>

#include <gtest/gtest.h>
#include <map>
#include <set>
#include <string>

using heddle::policy::id_index;
using heddle::policy::random_stream;

TEST(id_index, gives_each_id_a_position_of_its_own_until_it_is_erased) {
    id_index<std::uint64_t> tested;
    std::map<std::uint64_t, std::uint32_t> expected;
    random_stream random(11);
    for (int step = 0; step < 20000; ++step) {
        const std::uint64_t id = random.below(200) * (step % 2 == 0 ? 1 : std::uint64_t{1} << 40);
        const auto at = expected.find(id);
        ASSERT_EQ(tested.find(id), at == expected.end() ? tested.nowhere : at->second);
        if (random.below(2) == 0) {
            const auto [position, made] = tested.insert(id);
            ASSERT_EQ(made, at == expected.end());
            expected[id] = position;
        } else {
            ASSERT_EQ(tested.erase(id), at == expected.end() ? tested.nowhere : at->second);
            expected.erase(id);
        }
        ASSERT_EQ(tested.size(), expected.size());
        if (step % 500 != 0) continue;
        std::set<std::uint32_t> positions;
        std::size_t seen = 0;
        tested.any_of([&](std::uint64_t each, std::uint32_t position) {
            EXPECT_EQ(expected.at(each), position);
            positions.insert(position);
            ++seen;
            return false;
        });
        EXPECT_EQ(seen, expected.size());
        EXPECT_EQ(positions.size(), expected.size());
    }
}

TEST(id_index, uses_positions_again) {
    id_index<std::uint64_t> numbers;
    id_index<std::string> names;
    for (std::uint64_t id = 0; id < 1000; ++id) {
        EXPECT_LT(numbers.insert(id).first, 3u);
        EXPECT_LT(names.insert(std::to_string(id)).first, 3u);
        if (id < 2) continue;
        EXPECT_LT(numbers.erase(id - 2), 3u);
        EXPECT_LT(names.erase(std::to_string(id - 2)), 3u);
    }
}
