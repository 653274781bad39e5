// SPDX-License-Identifier: BSL-1.0
#include <heddle/policy/indexed_heap.hpp>
#include <heddle/policy/random_stream.hpp>

#include <gtest/gtest.h>
#include <algorithm>
#include <set>
#include <utility>

using heddle::policy::indexed_heap;
using heddle::policy::random_stream;

namespace {

struct numbered {
    std::uint64_t key = 0;
    std::uint32_t slot = 0;
};
constexpr auto by_key = [](const numbered& a, const numbered& b) {
    return a.key != b.key ? a.key < b.key : a.slot < b.slot;
};

}  // namespace

TEST(indexed_heap, agrees_with_a_set_whatever_is_put_in_moved_and_taken_out) {
    indexed_heap<numbered> tested;
    std::set<std::pair<std::uint64_t, std::uint32_t>> expected;
    random_stream random(3);
    for (int step = 0; step < 20000; ++step) {
        const auto slot = static_cast<std::uint32_t>(random.below(100));
        const numbered n{random.below(50), slot};
        const auto old =
            std::find_if(expected.begin(), expected.end(), [&](const auto& e) { return e.second == slot; });
        ASSERT_EQ(tested.contains(slot), old != expected.end());
        if (old == expected.end()) {
            step % 2 == 0 ? tested.push(n, by_key) : tested.set(n, by_key);
            expected.insert({n.key, slot});
        } else {
            ASSERT_EQ(tested.of(slot).key, old->first);
            expected.erase(old);
            if (random.below(2) == 0) {
                tested.erase(slot, by_key);
            } else {
                step % 2 == 0 ? tested.replace(n, by_key) : tested.set(n, by_key);
                expected.insert({n.key, slot});
            }
        }
        ASSERT_EQ(tested.size(), expected.size());
        if (expected.empty()) continue;
        ASSERT_EQ(tested.first().slot, expected.begin()->second);
        const bool any = std::any_of(expected.begin(), expected.end(),
                                     [](const auto& e) { return e.first < 20 && e.second % 7 == 0; });
        ASSERT_EQ(tested.any_early([](const numbered& e) { return e.key < 20; },
                                   [](const numbered& e) { return e.slot % 7 == 0; }),
                  any);
    }
}
