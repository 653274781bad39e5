// SPDX-License-Identifier: BSL-1.0
// map_reduce() where both functions travel.
#include <heddle/task/map_reduce.hpp>

#include <gtest/gtest.h>
#include <unistd.h>
#include <heddle/process/process_pool.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using heddle::map_reduce;
using heddle::map_reduce_by_key;
using heddle::process_pool;

TEST(map_reduce_by_processes, reduces_in_the_order_of_the_items) {
    process_pool pool(2);
    std::vector<int> items;
    std::string expected;
    for (int i = 0; i < 40; ++i) {
        items.push_back(i);
        expected += std::to_string(i) + " ";
    }
    for (const std::size_t chunk : {0u, 1u, 7u}) {
        const std::string text = map_reduce(
            pool, items, [](int x) { return std::to_string(x) + " "; },
            [](std::string a, const std::string& b) { return std::move(a) + b; }, {.chunk = chunk});
        EXPECT_EQ(text, expected) << chunk;
    }
}

TEST(map_reduce_by_processes, counts_words_where_they_are) {
    process_pool pool(2);
    const std::vector<std::string> lines{"one two", "two three", "three two"};
    const auto counts = map_reduce_by_key<std::string, long>(
        pool, lines,
        [](const std::string& line) {
            std::vector<std::pair<std::string, long>> words;
            const std::size_t space = line.find(' ');
            words.emplace_back(line.substr(0, space), 1);
            words.emplace_back(line.substr(space + 1), 1);
            return words;
        },
        [](long a, long b) { return a + b; });
    EXPECT_EQ(counts, (std::map<std::string, long>{{"one", 1}, {"two", 3}, {"three", 2}}));
}

TEST(map_reduce_by_processes, works_elsewhere_and_throws_the_first_error) {
    process_pool pool(2);
    const auto smallest = [](long a, long b) { return a < b ? a : b; };
    EXPECT_NE(map_reduce(pool, std::vector<int>{1, 2, 3}, [](int) -> long { return ::getpid(); }, smallest), ::getpid());
    EXPECT_THROW(map_reduce(
                     pool, std::vector<int>{1, 2, 3},
                     [](int x) -> long {
                         if (x == 2) throw std::out_of_range("two");
                         return x;
                     },
                     smallest),
                 std::out_of_range);
}
