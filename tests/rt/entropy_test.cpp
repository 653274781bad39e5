// SPDX-License-Identifier: BSL-1.0
#include <heddle/rt/entropy.hpp>

#include <gtest/gtest.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <system_error>
#include <vector>

namespace {

// What the next calls of getrandom() answer: that many bytes of 0xAB, or -errno; then the kernel again.
thread_local std::vector<int> script;
thread_local std::size_t next_answer = 0;

class scripted {
 public:
    explicit scripted(std::vector<int> answers) {
        script = std::move(answers);
        next_answer = 0;
    }
    ~scripted() { script.clear(); }
    bool used_up() const { return next_answer == script.size(); }
};

}  // namespace

// Stands in for libc's function, as a checker does.
extern "C" ssize_t getrandom(void* buffer, size_t size, unsigned flags) {
    if (next_answer >= script.size()) return ::syscall(SYS_getrandom, buffer, size, flags);
    const int answer = script[next_answer++];
    if (answer < 0) {
        errno = -answer;
        return -1;
    }
    const size_t n = std::min(size, static_cast<size_t>(answer));
    std::memset(buffer, 0xAB, n);
    return static_cast<ssize_t>(n);
}

using heddle::rt::entropy;

TEST(entropy, does_not_repeat_itself) {
    std::set<std::uint64_t> seen;
    for (int i = 0; i < 1000; ++i) seen.insert(entropy());
    EXPECT_EQ(seen.size(), 1000u);
}

TEST(entropy, fills_every_bit) {
    std::uint64_t set = 0;
    std::uint64_t clear = 0;
    for (int i = 0; i < 200; ++i) {
        const auto bits = entropy();
        set |= bits;
        clear |= ~bits;
    }
    EXPECT_EQ(set, ~std::uint64_t{0});
    EXPECT_EQ(clear, ~std::uint64_t{0});
}

TEST(entropy, goes_on_after_an_interruption_and_a_short_answer) {
    const scripted answers({-EINTR, 3, -EINTR, 1, 4});
    EXPECT_EQ(entropy(), 0xABABABABABABABABu);
    EXPECT_TRUE(answers.used_up());
}

TEST(entropy, a_refusal_is_an_error_that_names_the_operation) {
    const scripted answers({-ENOSYS});
    try {
        entropy();
        FAIL() << "nothing was thrown";
    } catch (const std::system_error& e) {
        EXPECT_EQ(e.code().value(), ENOSYS);
        EXPECT_NE(std::string(e.what()).find("cannot draw entropy"), std::string::npos) << e.what();
    }
}
