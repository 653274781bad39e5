// SPDX-License-Identifier: BSL-1.0
#include <heddle/io/unique_fd.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>
#include <utility>

using heddle::unique_fd;

namespace {
int open_something() {
    return ::open("/dev/null", O_RDONLY | O_CLOEXEC);
}
bool is_open(int fd) {
    return ::fcntl(fd, F_GETFD) != -1;
}
}  // namespace

TEST(unique_fd, closes_what_it_owns) {
    int fd = -1;
    {
        const unique_fd owner(open_something());
        fd = owner.get();
        EXPECT_TRUE(owner);
        EXPECT_TRUE(is_open(fd));
    }
    EXPECT_FALSE(is_open(fd));
}

TEST(unique_fd, moves_ownership) {
    unique_fd a(open_something());
    const int fd = a.get();
    unique_fd b(std::move(a));
    EXPECT_FALSE(a);
    EXPECT_EQ(b.get(), fd);
    unique_fd c(open_something());
    const int old = c.get();
    c = std::move(b);
    EXPECT_EQ(c.get(), fd);
    EXPECT_FALSE(is_open(old));
}

TEST(unique_fd, release_gives_ownership_away) {
    unique_fd a(open_something());
    const int fd = a.release();
    EXPECT_FALSE(a);
    EXPECT_TRUE(is_open(fd));
    ::close(fd);
}

TEST(unique_fd, owns_nothing_by_default) {
    EXPECT_FALSE(unique_fd());
    EXPECT_EQ(unique_fd().get(), -1);
}
