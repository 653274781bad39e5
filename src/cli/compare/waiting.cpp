// SPDX-License-Identifier: BSL-1.0
// Work that only waits.
#include "item.hpp"

#include <chrono>
#include <heddle/io/sleep.hpp>
#include <heddle/rt/parking_lot.hpp>

namespace heddle::inline v0::cli {

void sleep_blocking(const item& i, partial_answer& a) {
    rt::sleep_for(std::chrono::microseconds(i.wait_us));
    ++a.number;
}

task<void> sleep_async(const item& i, partial_answer& a) {
    co_await sleep(std::chrono::microseconds(i.wait_us));
    ++a.number;
}

}  // namespace heddle::inline v0::cli
