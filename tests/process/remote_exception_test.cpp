// SPDX-License-Identifier: BSL-1.0
#include <gtest/gtest.h>
#include <filesystem>
#include <heddle/process/process_pool.hpp>
#include <heddle/rt/error.hpp>
#include <new>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>

namespace remote_exceptions {

class own_error : public std::runtime_error {
 public:
    using std::runtime_error::runtime_error;
};

struct not_an_exception {};

}  // namespace remote_exceptions

namespace {

using remote_exceptions::not_an_exception;
using remote_exceptions::own_error;

template <class E> void throw_with_text() {
    throw E("ouch");
}

class remote_exception : public ::testing::Test {
 protected:
    heddle::process_pool procs{1};

    // Whether exactly an E arrives, with its text.
    template <class E> void expect_arrives() {
        try {
            procs.submit(throw_with_text<E>).get();
            FAIL() << "nothing was thrown";
        } catch (const std::exception& e) {
            EXPECT_TRUE(typeid(e) == typeid(E)) << typeid(e).name();
            EXPECT_STREQ(e.what(), "ouch");
        }
    }
};

}  // namespace

TEST_F(remote_exception, of_the_standard_library_arrives_as_itself) {
    expect_arrives<std::runtime_error>();
    expect_arrives<std::logic_error>();
    expect_arrives<std::invalid_argument>();
    expect_arrives<std::out_of_range>();
    expect_arrives<std::domain_error>();
    expect_arrives<std::length_error>();
    expect_arrives<std::overflow_error>();
    expect_arrives<std::underflow_error>();
    expect_arrives<std::range_error>();
    EXPECT_THROW(procs.submit([] { throw std::bad_alloc(); }).get(), std::bad_alloc);
}

TEST_F(remote_exception, that_says_cancelled_or_too_late_arrives_as_itself) {
    expect_arrives<heddle::cancelled>();
    expect_arrives<heddle::timeout_error>();
}

TEST_F(remote_exception, of_the_system_keeps_its_code_and_text) {
    const auto fail = [] {
        throw std::system_error(ENOENT, std::generic_category(), "cannot open the loom");
    };
    std::string here;
    try {
        fail();
    } catch (const std::system_error& e) {
        here = e.what();
    }
    try {
        procs.submit(fail).get();
        FAIL() << "nothing was thrown";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code(), std::errc::no_such_file_or_directory);
        EXPECT_EQ(e.what(), here);
    }
}

TEST_F(remote_exception, of_another_type_arrives_by_name_and_text) {
    try {
        procs.submit(throw_with_text<own_error>).get();
        FAIL() << "nothing was thrown";
    } catch (const heddle::remote_error& e) {
        EXPECT_EQ(e.type_name(), "remote_exceptions::own_error");
        EXPECT_EQ(e.message(), "ouch");
        EXPECT_STREQ(e.what(), "remote_exceptions::own_error: ouch");
    }
}

TEST_F(remote_exception, that_derives_from_one_of_the_system_arrives_by_name_and_text) {
    const auto fail = [] {
        throw std::filesystem::filesystem_error("ouch", std::make_error_code(std::errc::io_error));
    };
    try {
        procs.submit(fail).get();
        FAIL() << "nothing was thrown";
    } catch (const heddle::remote_error& e) {
        EXPECT_NE(e.type_name().find("filesystem_error"), std::string::npos);
        EXPECT_NE(e.message().find("ouch"), std::string::npos);
    }
}

TEST_F(remote_exception, that_is_no_exception_type_arrives_by_name) {
    try {
        procs.submit([] { throw not_an_exception(); }).get();
        FAIL() << "nothing was thrown";
    } catch (const heddle::remote_error& e) {
        EXPECT_EQ(e.type_name(), "remote_exceptions::not_an_exception");
        EXPECT_EQ(e.message(), "");
    }
}

TEST_F(remote_exception, leaves_the_worker_alive) {
    const auto pid = procs.submit(&::getpid).get();
    EXPECT_THROW(procs.submit(throw_with_text<own_error>).get(), heddle::remote_error);
    EXPECT_EQ(procs.submit(&::getpid).get(), pid);
}
