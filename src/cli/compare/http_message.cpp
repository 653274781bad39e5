// SPDX-License-Identifier: BSL-1.0
#include "http_message.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <sstream>
#include <stdexcept>

namespace heddle::inline v0::cli {

namespace http = boost::beast::http;

namespace {

constexpr std::uint64_t largest_body = std::uint64_t{1} << 30;

// The parser wants to see a header as a whole, so what it has not taken is kept for the next time.
template <class Parser> bool feed(Parser& parser, std::string& kept, std::span<const std::byte> bytes) {
    boost::beast::error_code error;
    if (bytes.empty()) {
        if (!parser.is_done() && parser.got_some()) parser.put_eof(error);  // it asserts that it has seen a byte
        if (error || !parser.is_done())
            throw std::runtime_error("the connection was closed before the message was complete");
        return true;
    }
    kept.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    const std::size_t taken = parser.put(boost::asio::buffer(kept), error);
    if (error && error != http::error::need_more)
        throw std::runtime_error("this is not HTTP: " + error.message());
    kept.erase(0, taken);
    return parser.is_done();
}

template <class Message> std::string text_of(const Message& message) {
    std::ostringstream out;
    out << message;
    return out.str();
}

}  // namespace

struct http_response_reader::parser {
    http::response_parser<http::string_body> of_message;
    std::string kept;
};

http_response_reader::http_response_reader() : parser_(std::make_unique<parser>()) {
    parser_->of_message.eager(true);
    parser_->of_message.body_limit(largest_body);
}
http_response_reader::~http_response_reader() = default;

bool http_response_reader::add(std::span<const std::byte> bytes) {
    return feed(parser_->of_message, parser_->kept, bytes);
}

unsigned http_response_reader::status() const {
    return parser_->of_message.get().result_int();
}

std::size_t http_response_reader::body_size() const {
    return parser_->of_message.get().body().size();
}

struct http_request_reader::parser {
    http::request_parser<http::string_body> of_message;
    std::string kept;
};

http_request_reader::http_request_reader() : parser_(std::make_unique<parser>()) {
    parser_->of_message.eager(true);
}
http_request_reader::~http_request_reader() = default;

bool http_request_reader::add(std::span<const std::byte> bytes) {
    return feed(parser_->of_message, parser_->kept, bytes);
}

std::string http_get(const std::string& host, const std::string& path) {
    http::request<http::empty_body> request(http::verb::get, path, 11);
    request.set(http::field::host, host);
    request.set(http::field::user_agent, "heddle-compare");
    request.keep_alive(false);
    return text_of(request);
}

std::string http_ok(const std::string& body) {
    http::response<http::string_body> response(http::status::ok, 11);
    response.set(http::field::content_type, "text/plain");
    response.body() = body;
    response.keep_alive(false);
    response.prepare_payload();
    return text_of(response);
}

}  // namespace heddle::inline v0::cli
