// SPDX-License-Identifier: BSL-1.0
// map_reduce() where both functions travel.
#include <heddle/task/map_reduce.hpp>

#include <gtest/gtest.h>
#include <signal.h>
#include <unistd.h>
#include <filesystem>
#include <fstream>
#include <heddle/process/process_pool.hpp>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "gate.hpp"

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

TEST(map_reduce_by_processes, tries_again_what_a_worker_has_taken_with_it) {
    const processes::scratch_folder folder;
    const std::string been_here = folder.file("been_here");
    // Kills its worker unless one has died of it before.
    const auto lethal = [](const std::string& file) {
        if (!file.empty() && ::access(file.c_str(), F_OK) != 0) {
            std::ofstream(file) << "1";
            ::kill(::getpid(), SIGKILL);
        }
        return 1;
    };
    const auto plus = [](int a, int b) { return a + b; };
    const std::vector<std::string> items{"", been_here, "", "", ""};
    process_pool pool(2);
    EXPECT_THROW(map_reduce(pool, items, lethal, plus, {.chunk = 2}), heddle::worker_died);

    std::filesystem::remove(been_here);
    std::size_t reduced = 0;
    int tried_again = 0;
    const int sum = map_reduce(pool, items, lethal, plus,
                               {.chunk = 2,
                                .attempts = 2,
                                .on_retry = [&](const heddle::worker_died&) { ++tried_again; },
                                .on_reduced = [&](std::size_t n) { reduced += n; }});
    EXPECT_EQ(sum, 5);
    EXPECT_EQ(tried_again, 1);
    EXPECT_EQ(reduced, 5u);
}

TEST(map_reduce_by_processes, gives_up_what_kills_its_worker_each_time) {
    process_pool pool(1);
    int tried_again = 0;
    const auto lethal = [](int x) {
        if (x == 2) ::kill(::getpid(), SIGKILL);
        return x;
    };
    EXPECT_THROW(map_reduce(pool, std::vector<int>{1, 2, 3}, lethal, [](int a, int b) { return a + b; },
                            {.chunk = 1,
                             .attempts = 3,
                             .on_retry = [&](const heddle::worker_died&) { ++tried_again; }}),
                 heddle::worker_died);
    EXPECT_EQ(tried_again, 2);
}
