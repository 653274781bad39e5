// SPDX-License-Identifier: BSL-1.0
// How what the user asked for becomes items, and how their parts become an answer.
#include <cli/compare/files.hpp>
#include <cli/compare/workload.hpp>
#include <cli/usage_error.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>
#include "scratch_folder.hpp"

using namespace heddle::cli;
using cli_tests::scratch_folder;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::ThrowsMessage;

namespace {

partial_answer words(std::vector<std::pair<std::string, std::uint64_t>> counted) {
    partial_answer a;
    for (const auto& [word, n] : counted) a.number += n;
    a.words = std::move(counted);
    a.files = 1;
    return a;
}

std::vector<std::string> names(const found_files& found, const scratch_folder& folder) {
    std::vector<std::string> all;
    for (const auto& f : found.files)
        all.push_back(std::filesystem::relative(f.path, folder.path()).string());
    return all;
}

TEST(files, every_regular_file_is_found_in_the_order_of_the_paths) {
    const scratch_folder folder;
    folder.write("b/deep/er", "12345");
    folder.write("a", "1");
    folder.write(".hidden", "12");
    folder.write("b/c d", "");
    std::filesystem::create_directory(folder.path() / "empty");
    std::filesystem::create_symlink(folder.path() / "a", folder.path() / "link");
    std::filesystem::create_directory_symlink(folder.path(), folder.path() / "loop");
    const auto found = find_files(folder.path().string());
    EXPECT_THAT(names(found, folder), ElementsAre(".hidden", "a", "b/c d", "b/deep/er"));
    EXPECT_EQ(found.bytes, 8U);
    EXPECT_THAT(found.problems, IsEmpty());
}

TEST(files, a_folder_that_does_not_exist_or_is_none_is_said_in_one_line) {
    const scratch_folder folder;
    const auto missing = (folder.path() / "missing").string();
    EXPECT_THAT([&] { find_files(missing); },
                ThrowsMessage<usage_error>(
                    HasSubstr("cannot read directory " + missing + ": No such file or directory")));
    const auto file = folder.write("file", "");
    EXPECT_THAT([&] { find_files(file); },
                ThrowsMessage<usage_error>(HasSubstr("cannot read directory " + file + ": Not a directory")));
}

TEST(files, a_folder_without_files_is_refused) {
    const scratch_folder folder;
    std::filesystem::create_directories(folder.path() / "a" / "b");
    EXPECT_THAT([&] { find_files(folder.path().string()); },
                ThrowsMessage<usage_error>(HasSubstr(folder.path().string())));
}

TEST(files, groups_keep_every_file_once_and_in_order) {
    std::vector<found_file> files;
    for (int i = 0; i < 1000; ++i) {
        // By appending, because g++ 12 sees an overflow in a sum of strings where there is none.
        std::string name = "f";
        name += std::to_string(i);
        files.push_back({name, static_cast<std::uint64_t>(i * 37 % 5000)});
    }
    const auto groups = group_files(files, 20'000);
    std::vector<std::string> all;
    for (const auto& g : groups) {
        EXPECT_FALSE(g.empty());
        all.insert(all.end(), g.begin(), g.end());
    }
    ASSERT_EQ(all.size(), files.size());
    for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(all[i], files[i].path);
    EXPECT_GT(groups.size(), 50U);
    EXPECT_LT(groups.size(), 250U);
}

TEST(files, many_empty_files_do_not_make_one_endless_group) {
    const std::vector<found_file> files(10'000, {"empty", 0});
    EXPECT_GT(group_files(files, 20'000).size(), 100U);
}

TEST(workload, words_of_a_folder_are_items_with_all_its_files) {
    const scratch_folder folder;
    for (int i = 0; i < 40; ++i) folder.write(std::to_string(i), std::string(4000, 'x'));
    compare_options o;
    o.directory = folder.path().string();
    const auto w = make_workload(o);
    EXPECT_EQ(w.name, "words");
    EXPECT_FALSE(w.waits);
    std::size_t files = 0;
    for (const auto& i : w.items) files += i.files.size();
    EXPECT_EQ(files, 40U);
    EXPECT_GT(w.items.size(), 4U);
}

TEST(workload, numbers_are_cut_into_ranges_without_gap_or_overlap) {
    for (const std::uint64_t n : {std::uint64_t{1}, std::uint64_t{2}, std::uint64_t{127}, std::uint64_t{128},
                                  std::uint64_t{129}, std::uint64_t{1'000'003}, UINT64_MAX}) {
        compare_options o;
        o.workload = "primes";
        o.count = n;
        const auto w = make_workload(o);
        std::uint64_t at = 0;
        for (const auto& i : w.items) {
            EXPECT_EQ(i.from, at) << n;
            EXPECT_GT(i.to, i.from) << n;
            at = i.to;
        }
        EXPECT_EQ(at, n);
    }
}

TEST(workload, sleep_and_mixed_have_as_many_items_as_asked_for_and_wait) {
    for (const std::string name : {"sleep", "mixed"}) {
        compare_options o;
        o.workload = name;
        o.count = 7;
        o.latency_ms = 0.5;
        const auto w = make_workload(o);
        EXPECT_EQ(w.items.size(), 7U) << name;
        EXPECT_TRUE(w.waits) << name;
    }
}

TEST(workload, fetch_without_a_url_brings_its_server) {
    compare_options o;
    o.workload = "fetch";
    o.count = 3;
    o.latency_ms = 0;
    o.timeout_s = 20;
    const auto w = make_workload(o);
    ASSERT_EQ(w.items.size(), 3U);
    EXPECT_EQ(run_item(w.items[0]).answer.number, 1U);
}

TEST(workload, an_unknown_one_is_refused_with_the_list_of_those_there_are) {
    compare_options o;
    o.workload = "wordz";
    EXPECT_THAT([&] { make_workload(o); }, ThrowsMessage<usage_error>(AllOf(
                                               HasSubstr("wordz"), HasSubstr("words"), HasSubstr("mixed"))));
}

TEST(answer, parts_add_up_in_any_order_to_the_same_answer) {
    answer one;
    one.add(words({{"a", 1}, {"b", 2}}));
    one.add(words({{"b", 3}, {"c", 1}}));
    answer other;
    other.add(words({{"c", 1}, {"b", 3}}));
    other.add(words({{"b", 2}, {"a", 1}}));
    EXPECT_EQ(one.digest(), other.digest());
    EXPECT_EQ(one.number(), 7U);
    EXPECT_EQ(one.distinct_words(), 3U);
    EXPECT_EQ(one.files(), 2U);
}

TEST(answer, digests_differ_when_anything_in_the_answer_does) {
    const auto digest_of = [](partial_answer a) {
        answer whole;
        whole.add(std::move(a));
        return whole.digest();
    };
    std::vector<partial_answer> different(8, words({{"a", 1}, {"b", 2}}));
    different[1].words[0].second = 2;
    different[2].words[0].first = "c";
    different[3].number = 99;
    different[4].files = 2;
    different[5].bytes = 1;
    different[6].hashes = {{"f", "00"}};
    different[7].hashes = {{"f", "01"}};
    for (std::size_t i = 0; i < different.size(); ++i)
        for (std::size_t k = 0; k < i; ++k)
            EXPECT_NE(digest_of(different[i]), digest_of(different[k])) << i << " and " << k;
}

TEST(answer, the_digest_tells_which_file_failed) {
    const auto digest_of = [](const std::string& problem) {
        partial_answer a;
        a.problems = {problem};
        answer whole;
        whole.add(std::move(a));
        return whole.digest();
    };
    EXPECT_NE(digest_of("cannot read a: Permission denied"), digest_of("cannot read b: Permission denied"));
}

TEST(answer, the_most_frequent_words_come_first_and_ties_are_in_alphabetical_order) {
    answer a;
    a.add(words({{"c", 2}, {"b", 2}, {"d", 5}, {"a", 1}}));
    EXPECT_THAT(a.top_words(3), ElementsAre(Pair("d", 5), Pair("b", 2), Pair("c", 2)));
    EXPECT_EQ(a.top_words(100).size(), 4U);
}

TEST(answer, the_summary_of_words_lists_the_most_frequent_if_there_are_any) {
    answer a;
    EXPECT_EQ(a.summary("words"), (std::vector<std::string>{"0 words, 0 different, in 0 text files"}));
    partial_answer part;
    part.words = {{"a", 1}, {"the", 2}};
    part.number = 3;
    part.files = 1;
    a.add(std::move(part));
    EXPECT_EQ(a.summary("words"), (std::vector<std::string>{"3 words, 2 different, in 1 text files",
                                                            "most frequent: the 2, a 1"}));
}

TEST(answer, problems_are_sorted_whatever_order_they_came_in) {
    partial_answer late;
    late.problems = {"z"};
    partial_answer early;
    early.problems = {"a"};
    answer a;
    a.add(std::move(late));
    a.add(std::move(early));
    EXPECT_THAT(a.problems(), ElementsAre("a", "z"));
}

}  // namespace
