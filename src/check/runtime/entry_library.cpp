// SPDX-License-Identifier: BSL-1.0
#include "entry_library.hpp"

#include "ending.hpp"
#include "engine.hpp"
#include "failure.hpp"
#include "server.hpp"

using namespace heddle::check;
using namespace heddle::check::runtime;

HEDDLE_INTERPOSED void heddle_check_serve(int socket, channel* shared) {
    serve_schedules(socket, *shared);
}

HEDDLE_INTERPOSED void heddle_check_end() {
    // Not by exit(): the destructors of the program that explores are not part of the schedule.
    end_schedule(*controlled(), HEDDLE_RETURN_ADDRESS);
}

HEDDLE_INTERPOSED void heddle_check_fail(verdict how, const char* message) {
    fail(controlled(), how, message);
}

HEDDLE_INTERPOSED bool heddle_check_active() {
    return controlled() != nullptr;
}

HEDDLE_INTERPOSED std::uint64_t heddle_check_choose(std::uint64_t n) {
    thread* const me = controlled();
    return me == nullptr ? 0 : choose(*me, n, HEDDLE_RETURN_ADDRESS);
}
