// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <sys/epoll.h>

#include <mutex>

// rt/ is where waiting is allowed.
inline std::mutex allowed_here;
