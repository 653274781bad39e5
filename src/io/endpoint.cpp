// SPDX-License-Identifier: BSL-1.0
#include "socket_address.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <algorithm>
#include <cstring>
#include <heddle/rt/error.hpp>
#include <memory>

namespace heddle::inline v0 {

std::string to_string(const endpoint& e) {
    const bool v6 = e.address.find(':') != std::string::npos;
    return (v6 ? "[" + e.address + "]" : e.address) + ":" + std::to_string(e.port);
}

socket_address to_socket_address(const endpoint& e) {
    socket_address a;
    auto& v4 = reinterpret_cast<sockaddr_in&>(a.storage);
    if (::inet_pton(AF_INET, e.address.c_str(), &v4.sin_addr) == 1) {
        v4.sin_family = AF_INET;
        v4.sin_port = htons(e.port);
        a.length = sizeof v4;
        return a;
    }
    auto& v6 = reinterpret_cast<sockaddr_in6&>(a.storage);
    if (::inet_pton(AF_INET6, e.address.c_str(), &v6.sin6_addr) == 1) {
        v6.sin6_family = AF_INET6;
        v6.sin6_port = htons(e.port);
        a.length = sizeof v6;
        return a;
    }
    throw error("'" + e.address + "' is not a numeric IP address; resolve() turns a host name into some");
}

endpoint to_endpoint(const socket_address& a) {
    char text[INET6_ADDRSTRLEN] = {};
    if (a.family() == AF_INET6) {
        const auto& v6 = reinterpret_cast<const sockaddr_in6&>(a.storage);
        ::inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
        return {text, ntohs(v6.sin6_port)};
    }
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(a.storage);
    ::inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
    return {text, ntohs(v4.sin_port)};
}

std::vector<endpoint> resolve(const std::string& host, std::uint16_t port) {
    addrinfo hints{};
    hints.ai_socktype = SOCK_STREAM;
    addrinfo* list = nullptr;
    const int failed = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
    if (failed != 0) throw error("cannot resolve host '" + host + "': " + ::gai_strerror(failed));
    const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(list, &::freeaddrinfo);
    std::vector<endpoint> found;
    for (const addrinfo* i = list; i != nullptr; i = i->ai_next) {
        socket_address a;
        std::memcpy(&a.storage, i->ai_addr, i->ai_addrlen);
        endpoint e = to_endpoint(a);
        e.port = port;
        if (std::find(found.begin(), found.end(), e) == found.end()) found.push_back(std::move(e));
    }
    return found;
}

}  // namespace heddle::inline v0
