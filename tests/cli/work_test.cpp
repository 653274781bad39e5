// SPDX-License-Identifier: BSL-1.0
// What an item of each kind gives, in place and as a coroutine.
#include <cli/compare/item.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <chrono>
#include <cstddef>
#include <heddle/io/event_loop.hpp>
#include <heddle/process/travel.hpp>
#include <span>
#include <string>
#include <tuple>
#include <utility>
#include <vector>
#include "scratch_folder.hpp"

using namespace heddle::cli;
using cli_tests::scratch_folder;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;

namespace {

item range(work_kind kind, std::uint64_t from, std::uint64_t to) {
    item i;
    i.kind = kind;
    i.from = from;
    i.to = to;
    return i;
}

// Everything but when it was made.
void expect_same_answer(const partial_answer& a, const partial_answer& b) {
    EXPECT_EQ(a.words, b.words);
    EXPECT_EQ(a.hashes, b.hashes);
    EXPECT_EQ(a.number, b.number);
    EXPECT_EQ(a.bytes, b.bytes);
    EXPECT_EQ(a.files, b.files);
    EXPECT_EQ(a.problems, b.problems);
}

TEST(work, hash_gives_the_published_digests) {
    const scratch_folder folder;
    item i;
    i.kind = work_kind::hash;
    const auto abc = folder.write("abc", "abc");
    const auto empty = folder.write("empty", "");
    const auto million = folder.write("million", std::string(1'000'000, 'a'));
    i.files = {abc, empty, million};
    const auto a = run_item(i).answer;
    EXPECT_THAT(
        a.hashes,
        ElementsAre(Pair(abc, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
                    Pair(empty, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
                    Pair(million, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0")));
    EXPECT_EQ(a.bytes, 1'000'003U);
    EXPECT_EQ(a.files, 3U);
}

TEST(work, hash_names_what_it_cannot_read_and_goes_on) {
    const scratch_folder folder;
    item i;
    i.kind = work_kind::hash;
    i.files = {(folder.path() / "missing").string(), folder.write("abc", "abc")};
    const auto a = run_item(i).answer;
    EXPECT_EQ(a.hashes.size(), 1U);
    EXPECT_THAT(a.problems, ElementsAre(HasSubstr("missing: No such file or directory")));
}

TEST(work, primes_are_counted_from_inclusive_to_exclusive) {
    const auto count = [](std::uint64_t from, std::uint64_t to) {
        return run_item(range(work_kind::primes, from, to)).answer.number;
    };
    EXPECT_EQ(count(0, 2), 0U);
    EXPECT_EQ(count(2, 3), 1U);
    EXPECT_EQ(count(0, 10), 4U);
    EXPECT_EQ(count(0, 1000), 168U);
    EXPECT_EQ(count(1000, 10'000), 1229U - 168U);
    EXPECT_EQ(count(25, 26), 0U);
    EXPECT_EQ(count(7, 7), 0U);
}

TEST(work, squares_are_summed_from_inclusive_to_exclusive) {
    EXPECT_EQ(run_item(range(work_kind::squares, 0, 4)).answer.number, 0U + 1 + 4 + 9);
    EXPECT_EQ(run_item(range(work_kind::squares, 5, 5)).answer.number, 0U);
    // The closed formula, for parts that add up to the whole.
    std::uint64_t sum = 0;
    for (std::uint64_t at = 0; at < 1000; at += 100)
        sum += run_item(range(work_kind::squares, at, at + 100)).answer.number;
    EXPECT_EQ(sum, 999U * 1000 * 1999 / 6);
}

TEST(work, a_sleep_takes_at_least_its_time_and_next_to_no_cpu) {
    item i;
    i.kind = work_kind::sleep;
    i.wait_us = 20'000;
    const auto r = run_item(i);
    EXPECT_GE(r.when.end - r.when.start, 20'000'000);
    EXPECT_LT(r.when.cpu, r.when.end - r.when.start);
}

TEST(work, an_item_tells_which_thread_worked_on_it_and_when) {
    const auto r = run_item(range(work_kind::primes, 0, 10'000));
    EXPECT_EQ(r.when.who, ::gettid());
    EXPECT_GT(r.when.end, r.when.start);
    EXPECT_GT(r.when.cpu, 0);
}

TEST(work, a_coroutine_gives_the_same_answer_for_every_kind) {
    const scratch_folder folder;
    std::vector<item> items{range(work_kind::primes, 10, 1000), range(work_kind::squares, 10, 1000)};
    for (const auto kind : {work_kind::words, work_kind::hash}) {
        item i;
        i.kind = kind;
        i.files = {folder.write("a", "some words, some not"), (folder.path() / "missing").string()};
        items.push_back(i);
    }
    item nap;
    nap.kind = work_kind::sleep;
    nap.wait_us = 1000;
    items.push_back(nap);
    for (const item& i : items) {
        SCOPED_TRACE(static_cast<int>(i.kind));
        expect_same_answer(run_item(i).answer, heddle::run(run_item_async(i)).answer);
    }
}

TEST(work, items_and_results_arrive_in_another_process_as_they_were) {
    const scratch_folder folder;
    item i;
    i.kind = work_kind::words;
    i.files = {folder.write("a", "to be or not to be"), "gone"};
    i.from = 1;
    i.to = 2;
    i.wait_us = 3;
    i.address = "127.0.0.1";
    i.port = 80;
    i.host = "localhost";
    i.path = "/";
    item_result r = run_item(i);
    r.answer.hashes = {{"file", "digest"}};

    heddle::detail::packer out;
    out.value(i);
    out.value(r);
    const auto message = std::move(out).take();
    const std::span<const std::byte> whole(message);
    heddle::detail::unpacker in(whole.subspan(sizeof(heddle::detail::frame_header)));
    const auto i2 = in.value<item>();
    const auto r2 = in.value<item_result>();

    EXPECT_EQ(i2.kind, i.kind);
    EXPECT_EQ(i2.files, i.files);
    EXPECT_EQ(std::tie(i2.from, i2.to, i2.wait_us, i2.address, i2.port, i2.host, i2.path),
              std::tie(i.from, i.to, i.wait_us, i.address, i.port, i.host, i.path));
    expect_same_answer(r2.answer, r.answer);
    EXPECT_EQ(std::tie(r2.when.start, r2.when.end, r2.when.cpu, r2.when.who),
              std::tie(r.when.start, r.when.end, r.when.cpu, r.when.who));
}

}  // namespace
