// SPDX-License-Identifier: BSL-1.0
#include "url.hpp"

#include "../usage_error.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

namespace heddle::inline v0::cli {

std::string url::authority() const {
    std::string text = host.find(':') == std::string::npos ? host : "[" + host + "]";
    if (port != 80) text += ":" + std::to_string(port);
    return text;
}

url parse_url(const std::string& text) {
    constexpr std::string_view scheme = "http://";
    if (!text.starts_with(scheme))
        throw usage_error("cannot fetch '" + text +
                          "': give a URL that begins with http:// (TLS is not supported)");
    // Anything else would end up in the request line, where a space or a line break means something.
    if (std::any_of(text.begin(), text.end(), [](char c) { return c <= ' ' || c > '~'; }))
        throw usage_error("cannot fetch '" + text + "': write spaces, control and non-ASCII characters as %XX");
    url u;
    std::string_view rest = std::string_view(text).substr(scheme.size());
    if (const auto slash = rest.find('/'); slash != std::string_view::npos) {
        u.path = rest.substr(slash);
        rest = rest.substr(0, slash);
    }
    std::string_view port;
    if (rest.starts_with('[')) {  // [::1]:80
        const auto close = rest.find(']');
        if (close == std::string_view::npos)
            throw usage_error("cannot fetch '" + text + "': the ] is missing");
        u.host = rest.substr(1, close - 1);
        port = rest.substr(close + 1);
    } else {
        const auto colon = rest.find(':');
        u.host = rest.substr(0, colon);
        if (colon != std::string_view::npos) port = rest.substr(colon);
    }
    if (u.host.empty()) throw usage_error("cannot fetch '" + text + "': it names no host");
    if (!port.empty()) {
        if (port.front() != ':') throw usage_error("cannot fetch '" + text + "': what follows the ] is no port");
        port.remove_prefix(1);
        const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), u.port);
        if (error != std::errc{} || end != port.data() + port.size() || u.port == 0)
            throw usage_error("cannot fetch '" + text + "': the port is a number from 1 to 65535");
    }
    return u;
}

}  // namespace heddle::inline v0::cli
