// SPDX-License-Identifier: BSL-1.0
#include <cli/compare/item.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <cctype>
#include <map>
#include <random>
#include <string>
#include <vector>
#include "scratch_folder.hpp"

using namespace heddle::cli;
using cli_tests::scratch_folder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;

namespace {

using counted = std::map<std::string, std::uint64_t>;

partial_answer answer_for(std::vector<std::string> files) {
    item i;
    i.kind = work_kind::words;
    i.files = std::move(files);
    partial_answer a;
    count_words(i, a);
    return a;
}

counted counts_of(const partial_answer& a) {
    counted all;
    for (const auto& [word, n] : a.words) all[word] += n;
    return all;
}

// Written to be obviously right, and shares nothing with the code that it checks.
counted count_by_hand(const std::string& text) {
    counted all;
    std::string word;
    for (const char c : text + ".") {
        const auto u = static_cast<unsigned char>(c);
        if (u < 128 && std::isalpha(u)) {
            word += static_cast<char>(std::tolower(u));
        } else if (!word.empty()) {
            ++all[word];
            word.clear();
        }
    }
    return all;
}

TEST(words, a_word_is_a_run_of_ascii_letters_in_lower_case) {
    const scratch_folder folder;
    const auto a = answer_for({folder.write("a", "The the THE x86_64 na\xC3\xAFve don't")});
    EXPECT_THAT(counts_of(a), ElementsAre(Pair("don", 1), Pair("na", 1), Pair("t", 1), Pair("the", 3),
                                          Pair("ve", 1), Pair("x", 1)));
    EXPECT_EQ(a.number, 8U);
    EXPECT_EQ(a.files, 1U);
}

TEST(words, each_word_is_listed_once_however_many_files_have_it) {
    const scratch_folder folder;
    const auto a = answer_for({folder.write("a", "one two"), folder.write("b", "two ONE")});
    EXPECT_EQ(a.words.size(), 2U);
    EXPECT_THAT(counts_of(a), ElementsAre(Pair("one", 2), Pair("two", 2)));
}

TEST(words, a_word_ends_with_its_file) {
    const scratch_folder folder;
    const auto a = answer_for({folder.write("a", "left"), folder.write("b", "right")});
    EXPECT_THAT(counts_of(a), ElementsAre(Pair("left", 1), Pair("right", 1)));
}

TEST(words, a_word_may_lie_across_the_pieces_in_which_a_file_is_read) {
    const scratch_folder folder;
    std::string text(300'001, 'a');
    text += " b";
    const auto a = answer_for({folder.write("long", text)});
    EXPECT_THAT(counts_of(a), ElementsAre(Pair(std::string(300'001, 'a'), 1), Pair("b", 1)));
}

TEST(words, the_count_is_that_of_an_independent_program_for_any_bytes) {
    const scratch_folder folder;
    std::mt19937 random(20240607);
    std::uniform_int_distribution<int> any(1, 255);  // no zero byte: that is not text
    std::uniform_int_distribution<int> letter(0, 51);
    std::bernoulli_distribution often(0.8);
    for (int round = 0; round < 20; ++round) {
        std::string text;
        const std::size_t size = round == 0 ? 600'000 : std::size_t{1} << round % 15;
        while (text.size() < size) {
            const int n = letter(random);
            text += often(random) ? static_cast<char>(n < 26 ? 'a' + n : 'A' + n - 26)
                                  : static_cast<char>(any(random));
        }
        const auto a = answer_for({folder.write("random", text)});
        ASSERT_EQ(counts_of(a), count_by_hand(text)) << "round " << round;
        EXPECT_EQ(a.bytes, text.size());
    }
}

TEST(words, a_file_with_a_zero_byte_in_its_first_8_kilobytes_is_left_out) {
    using namespace std::string_literals;
    const scratch_folder folder;
    const auto a =
        answer_for({folder.write("binary", "elf\0elf"s),
                    folder.write("last", std::string(8191, ' ') + "\0late"s), folder.write("text", "plain")});
    EXPECT_THAT(counts_of(a), ElementsAre(Pair("plain", 1)));
    EXPECT_EQ(a.files, 1U);
    EXPECT_EQ(a.bytes, 5U);
    EXPECT_THAT(a.problems, IsEmpty());
}

TEST(words, a_zero_byte_after_the_first_8_kilobytes_only_ends_a_word) {
    using namespace std::string_literals;
    const scratch_folder folder;
    const auto a = answer_for({folder.write("late", std::string(8192, ' ') + "\0so\0late"s)});
    EXPECT_THAT(counts_of(a), ElementsAre(Pair("late", 1), Pair("so", 1)));
}

TEST(words, an_empty_file_is_text_without_words) {
    const scratch_folder folder;
    const auto a = answer_for({folder.write("empty", "")});
    EXPECT_THAT(a.words, IsEmpty());
    EXPECT_EQ(a.files, 1U);
    EXPECT_THAT(a.problems, IsEmpty());
}

TEST(words, a_file_that_cannot_be_read_is_named_and_the_others_are_counted) {
    const scratch_folder folder;
    const auto missing = (folder.path() / "missing").string();
    const auto a =
        answer_for({folder.write("a", "one"), missing, folder.path().string(), folder.write("b", "two")});
    EXPECT_THAT(counts_of(a), ElementsAre(Pair("one", 1), Pair("two", 1)));
    EXPECT_EQ(a.files, 2U);
    EXPECT_THAT(a.problems, ElementsAre(HasSubstr(missing + ": No such file or directory"),
                                        HasSubstr(folder.path().string() + ": Is a directory")));
}

}  // namespace
