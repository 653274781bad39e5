// SPDX-License-Identifier: BSL-1.0
#include <pthread.h>
#include <heddle/rt/thread.hpp>

namespace heddle::inline v0::rt {

void set_thread_name(const std::string& name) noexcept {
    constexpr std::size_t longest = 15;  // what the kernel keeps
    std::size_t length = name.size() < longest ? name.size() : longest;
    char buffer[longest + 1] = {};
    name.copy(buffer, length);
    ::pthread_setname_np(::pthread_self(), buffer);
}

}  // namespace heddle::inline v0::rt
