// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <cstdint>
#include <string>

namespace heddle::inline v0::cli {

/// The parts of http://host:port/path.
struct url {
    std::string host;
    std::uint16_t port = 80;
    std::string path = "/";

    /// Host and port as a URL and a Host header have them: [::1]:8080; the port only if it is not 80.
    std::string authority() const;
};

/// @throws usage_error that says what is wrong
url parse_url(const std::string& text);

}  // namespace heddle::inline v0::cli
