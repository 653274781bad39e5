// SPDX-License-Identifier: BSL-1.0
#pragma once

// HTTP/1.1 as the fetch workload needs it. Boost.Beast parses; this keeps it out of the other files.

#include <cstddef>
#include <memory>
#include <span>
#include <string>

namespace heddle::inline v0::cli {

/// Reads one response from bytes as they come.
class http_response_reader {
 public:
    http_response_reader();
    ~http_response_reader();
    /// Takes some bytes; an empty span is the end of the stream. @return true when the response is complete.
    /// @throws std::runtime_error if it is not HTTP, or ends too early.
    bool add(std::span<const std::byte> bytes);
    unsigned status() const;
    std::size_t body_size() const;

 private:
    struct parser;
    std::unique_ptr<parser> parser_;
};

/// Reads one request from bytes as they come.
class http_request_reader {
 public:
    http_request_reader();
    ~http_request_reader();
    /// @return true when the request is complete. @throws std::runtime_error if it is not HTTP.
    bool add(std::span<const std::byte> bytes);

 private:
    struct parser;
    std::unique_ptr<parser> parser_;
};

/// A GET request for one response on a connection of its own.
std::string http_get(const std::string& host, const std::string& path);
/// A response with a text body, after which the connection is closed.
std::string http_ok(const std::string& body);

}  // namespace heddle::inline v0::cli
