// SPDX-License-Identifier: BSL-1.0
#include "policy_list.hpp"

#include <algorithm>
#include <cctype>

namespace heddle::inline v0::cli {

namespace {

// Whether the last word is the list of a multilevel queue's levels, which are policies themselves.
bool in_levels(const std::string& policy) {
    const std::size_t blank = policy.find_last_of(" :");
    return blank != std::string::npos && policy.compare(blank + 1, 7, "levels=") == 0;
}

}  // namespace

std::vector<std::string> split_policies(const std::string& list) {
    std::vector<std::string> result;
    for (std::size_t at = 0; at <= list.size();) {
        const std::size_t end = std::min(list.find(',', at), list.size());
        const std::string part = list.substr(at, end - at);
        const bool is_number = !part.empty() && std::isdigit(static_cast<unsigned char>(part[0])) != 0;
        if (!result.empty() && (is_number || in_levels(result.back())))
            result.back() += "," + part;
        else
            result.push_back(part);
        at = end + 1;
    }
    return result;
}

}  // namespace heddle::inline v0::cli
