// SPDX-License-Identifier: BSL-1.0
#include <heddle/sync/channel.hpp>
#include <heddle/sync/select.hpp>

#include "scenario.hpp"

namespace {

using namespace heddle;
using checked::at_once;

SCENARIO(channel_without_room) {
    auto [out, in] = channel<int>(0);
    at_once({[&] { check::require(bool(out.send(1))); }, [&] { check::require(*in.receive() == 1); }});
}

SCENARIO(channel_without_room_that_ends) {
    auto [out, in] = channel<int>(0);
    at_once({[&] { check::require(in.receive().status() == queue_status::closed); }, [&] { out.close(); }});
}

SCENARIO(select_of_two_channels) {
    auto [out_a, in_a] = channel<int>(1);
    auto [out_b, in_b] = channel<int>(1);
    int sum = 0;
    const auto add = [&](queue_result<int> got) { sum += *got; };
    at_once({[&] {
                 select(on_receive(in_a, add), on_receive(in_b, add));
                 select(on_receive(in_a, add), on_receive(in_b, add));
             },
             [&] { (void)out_a.send(1); }, [&] { (void)out_b.send(2); }});
    check::require(sum == 3);
}

}  // namespace
