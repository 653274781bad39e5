// SPDX-License-Identifier: BSL-1.0
// HEDDLE_DIAGNOSE: "1", or "held=200,starved=500,order=0,throw=0" (times in milliseconds).
#include "diagnose_environment.hpp"
#include <algorithm>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <heddle/sync/diagnose.hpp>
#include <string_view>

namespace heddle::inline v0::detail {

std::optional<lock_diagnosis_options> parse_diagnose(std::string_view text, std::string& problem) {
    if (text.empty() || text == "0") return std::nullopt;
    lock_diagnosis_options options;
    if (text == "1") return options;
    while (!text.empty()) {
        const std::string_view item = text.substr(0, text.find(','));
        text.remove_prefix(std::min(text.size(), item.size() + 1));
        const auto equals = item.find('=');
        const std::string_view name = item.substr(0, equals);
        const std::string_view value = equals == std::string_view::npos ? "" : item.substr(equals + 1);
        long long number = -1;
        const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
        const bool is_number = error == std::errc() && end == value.data() + value.size() && number >= 0;
        if (is_number && name == "held")
            options.held_long = std::chrono::milliseconds(number);
        else if (is_number && name == "starved")
            options.starved = std::chrono::milliseconds(number);
        else if (is_number && number <= 1 && name == "order")
            options.order = number != 0;
        else if (is_number && number <= 1 && name == "throw")
            options.throw_on_deadlock = number != 0;
        else
            problem = "HEDDLE_DIAGNOSE: '" + std::string(item) +
                      "' is not understood; write 1, or held=MS,starved=MS,order=0|1,throw=0|1";
    }
    return options;
}

void diagnose_if_the_environment_says_so() {
    const char* const text = std::getenv("HEDDLE_DIAGNOSE");
    if (text == nullptr || lock_diagnosis_enabled()) return;
    std::string problem;
    const auto options = parse_diagnose(text, problem);
    if (!problem.empty()) std::fprintf(stderr, "heddle: %s\n", problem.c_str());
    if (options) enable_lock_diagnosis(*options);
}

}  // namespace heddle::inline v0::detail
