// SPDX-License-Identifier: BSL-1.0
// What is written can be read again; what cannot is refused in a sentence that says what to do.
#include <check/explore/replay_file.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <filesystem>
#include <fstream>
#include <heddle/rt/error.hpp>
#include <iterator>

using namespace heddle::check;
using testing::AllOf;
using testing::HasSubstr;

namespace {

class replay_files : public testing::Test {
 protected:
    replay_files() {
        std::string name = (std::filesystem::temp_directory_path() / "heddle-test-XXXXXX").string();
        if (::mkdtemp(name.data()) != nullptr) folder_ = name;
    }
    ~replay_files() override { std::filesystem::remove_all(folder_); }

    std::string file(const std::string& name) const { return folder_ / name; }
    std::string file_of(const std::string& name, const std::string& content) const {
        std::ofstream(file(name)) << content;
        return file(name);
    }

    std::filesystem::path folder_;
};

std::string content_of(const std::string& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

replay sample() {
    replay r;
    r.command = {"./program", "-x", "two words"};
    r.program_hash = "0123456789abcdef";
    r.kind = failure_kind::lost_wakeup;
    r.message = "a signal that \"nobody\" heard";
    r.hash = 0xFEDCBA9876543210u;
    r.asked.seed = 17;
    r.asked.max_steps = 1000;
    r.asked.near_ns = 3;
    r.asked.step_ns = 4;
    r.asked.workers = 5;
    r.asked.spares = 6;
    r.asked.outside_ns = 7;
    r.asked.flags = order_races | order_memory_points;
    r.switches = {{.thread = 1, .next = 0xFFFFFFFFFFFFFFFFu, .step = 7, .chosen = 0},
                  {.thread = 2, .next = 3, .step = 9, .chosen = 1}};
    r.hot = {0x401000, 0x7FFFF7000000};
    return r;
}

std::string refusal(const std::string& file) {
    try {
        read_replay(file);
    } catch (const heddle::error& e) {
        return e.what();
    }
    return "it was read";
}

TEST_F(replay_files, what_was_written_is_read) {
    const replay before = sample();
    write_replay(file("r"), before);
    const replay r = read_replay(file("r"));
    EXPECT_EQ(r.command, before.command);
    EXPECT_EQ(r.program_hash, before.program_hash);
    EXPECT_EQ(r.kind, before.kind);
    EXPECT_EQ(r.message, before.message);
    EXPECT_EQ(r.hash, before.hash);
    EXPECT_EQ(r.asked.seed, 17u);
    EXPECT_EQ(r.asked.max_steps, 1000u);
    EXPECT_EQ(r.asked.near_ns, 3u);
    EXPECT_EQ(r.asked.step_ns, 4u);
    EXPECT_EQ(r.asked.spares, 6u);
    EXPECT_EQ(r.asked.outside_ns, 7u);
    EXPECT_EQ(r.asked.workers, 5u);
    EXPECT_EQ(r.asked.flags, before.asked.flags);
    ASSERT_EQ(r.switches.size(), 2u);
    EXPECT_EQ(r.switches[0].next, before.switches[0].next);
    EXPECT_EQ(r.switches[1].step, 9u);
    EXPECT_EQ(r.switches[1].chosen, 1u);
    EXPECT_EQ(r.hot, before.hot);
}

TEST_F(replay_files, an_expected_output_may_hold_any_bytes) {
    replay before = sample();
    EXPECT_EQ((write_replay(file("none"), before), read_replay(file("none")).expected_output), std::nullopt);
    std::string all = "a line\n";
    for (int c = 0; c < 256; ++c) all += static_cast<char>(c);
    before.expected_output = all;
    write_replay(file("r"), before);
    EXPECT_EQ(read_replay(file("r")).expected_output, all);
}

TEST_F(replay_files, an_earlier_file_is_replaced_and_nothing_else_is_left) {
    write_replay(file_of("r", "old"), sample());
    EXPECT_EQ(read_replay(file("r")).asked.seed, 17u);
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(replay_files, a_link_goes_on_leading_to_its_file) {
    file_of("target", "old");
    std::filesystem::create_symlink("target", file("link"));
    write_replay(file("link"), sample());
    EXPECT_TRUE(std::filesystem::is_symlink(file("link")));
    EXPECT_EQ(read_replay(file("target")).asked.seed, 17u);
}

TEST_F(replay_files, a_device_is_not_replaced_by_a_file) {
    // Through a link: if it went wrong, only the link would be lost.
    std::filesystem::create_symlink("/dev/null", file("null"));
    write_replay(file("null"), sample());
    EXPECT_TRUE(std::filesystem::is_character_file(file("null")));
    EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder_), {}), 1);
}

TEST_F(replay_files, a_missing_file_is_named) {
    EXPECT_THAT(refusal(file("none")), AllOf(HasSubstr(file("none")), HasSubstr("No such file")));
}

TEST_F(replay_files, a_folder_is_none) {
    EXPECT_THAT(refusal(folder_), HasSubstr("Is a directory"));
}

TEST_F(replay_files, what_is_not_json_is_refused) {
    EXPECT_THAT(refusal(file_of("r", "#!/bin/sh\n")), HasSubstr("is not a replay file"));
    EXPECT_THAT(refusal(file_of("r", "")), HasSubstr("is not a replay file"));
    EXPECT_THAT(refusal(file_of("r", "[1, 2]")), HasSubstr("is not a replay file"));
}

TEST_F(replay_files, cut_off_anywhere_it_is_refused) {
    write_replay(file("r"), sample());
    const std::string whole = content_of(file("r"));
    // Without the last line's end it is complete.
    for (std::size_t n = 0; n + 1 < whole.size(); n += 7)
        EXPECT_THAT(refusal(file_of("cut", whole.substr(0, n))), HasSubstr("is not a replay file")) << n;
}

TEST_F(replay_files, another_format_says_what_to_do) {
    EXPECT_THAT(refusal(file_of("r", R"({"format": 999})")), HasSubstr("find the failure again"));
}

TEST_F(replay_files, an_unknown_kind_is_refused) {
    write_replay(file("r"), sample());
    std::string text = content_of(file("r"));
    text.replace(text.find("lost wake-up"), 12, "bad weather!");
    EXPECT_THAT(refusal(file_of("r", text)), HasSubstr("is not a replay file"));
}

TEST_F(replay_files, a_place_that_cannot_be_written_is_named) {
    for (const std::string& place : {file("no/such/folder"), folder_.string(), std::string("/proc/replay")}) {
        try {
            write_replay(place, sample());
            ADD_FAILURE() << place;
        } catch (const heddle::error& e) {
            EXPECT_THAT(e.what(), AllOf(HasSubstr(place), HasSubstr("--replay-file")));
        }
    }
    EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(replay_files, a_program_is_known_by_its_content) {
    const std::string one = hash_of_program(file_of("a", "program"));
    EXPECT_EQ(one.size(), 16u);
    EXPECT_EQ(one, hash_of_program(file_of("b", "program")));
    EXPECT_NE(one, hash_of_program(file_of("c", "progran")));
    EXPECT_EQ(hash_of_program(file("none")), "");
    EXPECT_NE(hash_of_program("sh"), "") << "found on the PATH";
}

}  // namespace
