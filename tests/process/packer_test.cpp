// SPDX-License-Identifier: BSL-1.0
// The messages between processes by themselves, without a process.
#include <gtest/gtest.h>
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <exception>
#include <heddle/process/remote_task.hpp>
#include <heddle/process/travel.hpp>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <system_error>
#include <tuple>
#include <vector>

using heddle::detail::frame_header;
using heddle::detail::packer;
using heddle::detail::unpacker;

namespace {

// What a reader of the message would be given.
std::vector<std::byte> content_of(packer& out) {
    const auto message = std::move(out).take();
    return {message.begin() + sizeof(frame_header), message.end()};
}

template <class T> T through(const T& value) {
    packer out;
    out.value(value);
    const auto content = content_of(out);
    unpacker in(content);
    return in.value<T>();
}

std::exception_ptr through(const std::exception_ptr& error) {
    packer out;
    heddle::detail::pack_exception(out, error);
    const auto content = content_of(out);
    unpacker in(content);
    return heddle::detail::unpack_exception(in);
}

template <class E> std::exception_ptr made(E e) {
    return std::make_exception_ptr(std::move(e));
}

std::string text_of(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& e) {
        return e.what();
    }
}

struct half_written {
    std::string first;
    template <class Archive> void save(Archive& archive) const {
        archive(first);
        throw std::range_error("there is no second");
    }
    template <class Archive> void load(Archive& archive) { archive(first); }
};

}  // namespace

TEST(packer, a_message_begins_with_the_size_of_its_content) {
    packer out;
    EXPECT_EQ(out.size(), sizeof(frame_header));
    out.value(std::uint32_t{7});
    out.bytes("abc", 3);
    const auto message = std::move(out).take();
    ASSERT_EQ(message.size(), sizeof(frame_header) + 7);
    frame_header size = 0;
    std::memcpy(&size, message.data(), sizeof size);
    EXPECT_EQ(size, 7u);
}

TEST(packer, an_empty_message_is_a_header_that_says_nothing_follows) {
    const auto message = packer().take();
    ASSERT_EQ(message.size(), sizeof(frame_header));
    for (const std::byte b : message) EXPECT_EQ(b, std::byte{0});
}

TEST(packer, values_come_out_as_they_went_in) {
    EXPECT_EQ(through(std::numeric_limits<std::int64_t>::min()), std::numeric_limits<std::int64_t>::min());
    EXPECT_EQ(through(std::string(1000, 'x') + '\0' + "y"), std::string(1000, 'x') + '\0' + "y");
    EXPECT_EQ(through(std::vector<std::string>{"", "a", ""}), (std::vector<std::string>{"", "a", ""}));
    EXPECT_EQ(through(std::map<std::string, std::optional<int>>{{"a", 1}, {"b", std::nullopt}}),
              (std::map<std::string, std::optional<int>>{{"a", 1}, {"b", std::nullopt}}));
    EXPECT_EQ(through(std::tuple{1, std::string("two"), 3.0}), (std::tuple{1, std::string("two"), 3.0}));
}

TEST(packer, values_of_different_kinds_follow_each_other) {
    packer out;
    out.value(1);
    out.value(std::string("two"));
    out.value(3.0);
    out.value(std::vector<int>{4, 5});
    out.value('6');
    const auto content = content_of(out);
    unpacker in(content);
    EXPECT_EQ(in.value<int>(), 1);
    EXPECT_EQ(in.value<std::string>(), "two");
    EXPECT_EQ(in.value<double>(), 3.0);
    EXPECT_EQ(in.value<std::vector<int>>(), (std::vector{4, 5}));
    EXPECT_EQ(in.value<char>(), '6');
    EXPECT_THROW(in.value<char>(), heddle::error) << "that was all";
}

TEST(packer, what_was_added_can_be_forgotten) {
    packer out;
    out.value(1);
    const auto before = out.size();
    out.value(std::string("a slip"));
    out.shrink(before);
    out.value(2);
    const auto content = content_of(out);
    unpacker in(content);
    EXPECT_EQ(in.value<int>(), 1);
    EXPECT_EQ(in.value<int>(), 2);
    EXPECT_EQ(content.size(), 2 * sizeof(int));
}

TEST(packer, a_result_that_cannot_be_written_leaves_nothing_in_the_message) {
    packer out;
    out.value(1);
    const auto before = out.size();
    EXPECT_THROW(heddle::detail::send_result(out, [] { return half_written{"half"}; }), std::range_error);
    EXPECT_EQ(out.size(), before);
}

TEST(unpacker, an_empty_message_holds_no_value) {
    unpacker in({});
    EXPECT_THROW(in.value<char>(), heddle::error);
    EXPECT_THROW(in.value<frame_header>(), heddle::error);
}

TEST(unpacker, a_value_that_is_cut_short_takes_nothing) {
    const std::array<std::byte, 3> three{std::byte{1}, std::byte{2}, std::byte{3}};
    unpacker in(three);
    EXPECT_THROW(in.value<std::uint32_t>(), heddle::error);
    EXPECT_EQ(in.value<std::uint8_t>(), 1) << "the bytes are still there";
}

TEST(travelling_exception, keeps_an_empty_text_and_one_with_line_breaks) {
    EXPECT_EQ(text_of(through(made(std::runtime_error("")))), "");
    EXPECT_EQ(text_of(through(made(std::runtime_error("one\ntwo\n")))), "one\ntwo\n");
    const std::string longish(100'000, 'x');
    EXPECT_EQ(text_of(through(made(std::logic_error(longish)))), longish);
}

TEST(travelling_exception, of_the_system_has_the_same_text_after_two_journeys) {
    for (const int code : {ENOENT, ECONNRESET, 0}) {
        const auto error = made(std::system_error(code, std::generic_category(), "cannot open 'loom: 1'"));
        const auto there = through(error);
        EXPECT_EQ(text_of(there), text_of(error));
        EXPECT_EQ(text_of(through(there)), text_of(error));
        EXPECT_THROW(std::rethrow_exception(there), std::system_error);
    }
}

TEST(travelling_exception, of_the_system_without_words_of_its_own_has_the_same_text) {
    const auto error = made(std::system_error(std::make_error_code(std::errc::io_error)));
    EXPECT_EQ(text_of(through(error)), text_of(error));
    EXPECT_EQ(text_of(through(made(std::system_error(EIO, std::generic_category(), "")))),
              text_of(made(std::system_error(EIO, std::generic_category(), ""))));
}

TEST(travelling_exception, of_the_system_keeps_the_category_of_its_code) {
    for (const auto* const category : {&std::generic_category(), &std::system_category()}) {
        const std::error_code code(EIO, *category);
        try {
            std::rethrow_exception(through(made(std::system_error(code, "cannot read"))));
        } catch (const std::system_error& e) {
            EXPECT_EQ(e.code(), code) << category->name();
        }
    }
}

TEST(travelling_exception, of_a_foreign_type_has_the_same_name_after_two_journeys) {
    const auto error = through(through(made(heddle::remote_error("weaver::tangle", "a knot"))));
    try {
        std::rethrow_exception(error);
    } catch (const heddle::remote_error& e) {
        EXPECT_EQ(e.type_name(), "weaver::tangle");
        EXPECT_EQ(e.message(), "a knot");
    }
}

TEST(travelling_exception, of_heddle_that_is_not_in_the_list_arrives_by_name) {
    const auto error = through(made(heddle::worker_died("worker 5 died", 5, 9, 0)));
    try {
        std::rethrow_exception(error);
    } catch (const heddle::remote_error& e) {
        EXPECT_NE(e.type_name().find("worker_died"), std::string::npos) << e.type_name();
        EXPECT_EQ(e.message(), "worker 5 died");
    }
}

TEST(travelling_exception, that_is_cut_short_is_an_error) {
    packer out;
    heddle::detail::pack_exception(out, made(std::runtime_error("ouch")));
    const auto content = content_of(out);
    for (std::size_t size = 0; size < content.size(); ++size) {
        const std::span<const std::byte> all(content);
        unpacker in(all.first(size));
        EXPECT_ANY_THROW(heddle::detail::unpack_exception(in)) << size;
    }
}
