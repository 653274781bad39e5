// SPDX-License-Identifier: BSL-1.0
#include "policy_list.hpp"

#include <algorithm>
#include <cctype>
#include <heddle/policy/any_policy.hpp>
#include <stdexcept>

namespace heddle::inline v0::cli {

namespace {

bool begins_with_name(const std::string& text) {
    try {
        policy::make_policy(text.substr(0, text.find_first_of(" :")));
        return true;
    } catch (const std::invalid_argument&) {
        return false;
    }
}

}  // namespace

std::vector<std::string> split_policies(const std::string& list) {
    std::vector<std::string> result;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t end = std::min(list.find(',', at), list.size());
        const std::string part = list.substr(at, end - at);
        const bool goes_on = !result.empty() && !part.empty() && !begins_with_name(part) &&
                             (std::isdigit(static_cast<unsigned char>(part[0])) != 0 ||
                              result.back().find("levels=") != std::string::npos);
        if (goes_on)
            result.back() += "," + part;
        else
            result.push_back(part);
        at = end + 1;
    }
    return result;
}

}  // namespace heddle::inline v0::cli
