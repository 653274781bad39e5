// SPDX-License-Identifier: BSL-1.0
#include <array>
#include "../tasks.hpp"
#include "scenario.hpp"
#include "task/injector.hpp"

namespace {

using namespace heddle;
using checked::at_once;

SCENARIO(injector_from_which_one_of_two_is_taken) {
    rt::runnable a([](rt::runnable&) noexcept {});
    rt::runnable b([](rt::runnable&) noexcept {});
    detail::injector added;
    added.push(a, 0);
    added.push(b, 0);
    at_once({[&] {
                 std::array<rt::runnable*, 2> taken{};
                 check::require(added.take(taken, 3) == 1 && taken[0] == &a);
             },
             [&] { check::require(!added.empty()); }});
}

}  // namespace
