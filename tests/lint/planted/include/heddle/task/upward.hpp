// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <heddle/io/event_loop.hpp>
#include <heddle/sync/mutex.hpp>
#include <heddle/task/future.hpp>
#include <rt/private.hpp>
#include "../process/process_pool.hpp"
