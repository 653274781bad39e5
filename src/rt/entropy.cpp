// SPDX-License-Identifier: BSL-1.0
#include <sys/random.h>
#include <cerrno>
#include <heddle/rt/entropy.hpp>
#include <heddle/rt/error.hpp>

namespace heddle::inline v0::rt {

std::uint64_t entropy() {
    // Through libc's function, so that a checker can interpose it and make a run repeatable.
    std::uint64_t bits = 0;
    auto* const bytes = reinterpret_cast<unsigned char*>(&bits);
    std::size_t have = 0;
    while (have < sizeof bits) {
        const ssize_t n = ::getrandom(bytes + have, sizeof bits - have, 0);
        if (n >= 0)
            have += static_cast<std::size_t>(n);
        else if (errno != EINTR)
            throw_system_error(errno, "cannot draw entropy");
    }
    return bits;
}

}  // namespace heddle::inline v0::rt
