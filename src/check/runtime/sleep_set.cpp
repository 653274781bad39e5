// SPDX-License-Identifier: BSL-1.0
#include "sleep_set.hpp"

#include "dependence.hpp"

namespace heddle::inline v0::check::runtime {

unsigned keep_awake(thread** candidates, unsigned n) noexcept {
    unsigned m = 0;
    for (unsigned i = 0; i < n; ++i)
        if (!candidates[i]->asleep) candidates[m++] = candidates[i];
    return m;
}

void put_to_sleep(thread* const* candidates, unsigned n, std::uint64_t explored) noexcept {
    for (unsigned i = 0; i < n; ++i)
        if (candidates[i]->slot < 64 && (explored >> candidates[i]->slot & 1) != 0)
            candidates[i]->asleep = true;
}

void wake_dependents(thread& chosen) noexcept {
    chosen.asleep = false;
    for_each_thread([&](thread& t) {
        if (t.asleep && dependent(t.pending, chosen.pending)) t.asleep = false;
    });
}

}  // namespace heddle::inline v0::check::runtime
