// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/mutex.hpp>
