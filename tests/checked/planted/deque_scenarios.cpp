// SPDX-License-Identifier: BSL-1.0
#include <array>
#include <heddle/rt/runnable.hpp>

#include "../at_once.hpp"
#include "scenario.hpp"
#include "task/work_deque.hpp"

namespace {

using namespace heddle;
using checked::at_once;

struct item : rt::runnable {
    item() noexcept : rt::runnable([](rt::runnable&) noexcept {}) {}
    int taken = 0;
};

void take(rt::runnable* r) {
    if (r != nullptr) ++static_cast<item*>(r)->taken;
}

// What the owner pops and what a thief steals is each entry once, also the last one, for which they compete.
SCENARIO(deque_with_a_thief) {
    detail::work_deque deque(2);
    std::array<item, 3> items;
    std::array<rt::runnable*, 2> stolen{};
    at_once({[&] {
                 deque.push(items[0]);
                 deque.push(items[1]);
                 take(deque.pop());
                 deque.push(items[2]);
                 take(deque.pop());
                 take(deque.pop());
             },
             [&] {
                 for (auto& r : stolen) r = deque.steal();
             }});
    for (rt::runnable* const r : stolen) take(r);
    while (rt::runnable* const r = deque.steal()) take(r);
    for (const item& i : items) check::require(i.taken == 1);
}

// The owner makes it larger while thieves are at it.
SCENARIO(deque_that_grows) {
    detail::work_deque deque(2);
    std::array<item, 4> items;
    std::array<rt::runnable*, 2> stolen{};
    const auto steal = [&](std::size_t n) { return [&, n] { stolen[n] = deque.steal(); }; };
    at_once({[&] {
                 for (item& i : items) deque.push(i);
                 take(deque.pop());
             },
             steal(0), steal(1)});
    for (rt::runnable* const r : stolen) take(r);
    while (rt::runnable* const r = deque.pop()) take(r);
    for (const item& i : items) check::require(i.taken == 1);
}

}  // namespace
