// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

namespace heddle::inline v0::cli {

/// SHA-256, by OpenSSL.
class sha256 {
 public:
    sha256();
    ~sha256();
    void add(std::string_view bytes);
    /// The digest of everything added, in hexadecimal. Call it once.
    std::string finish();

 private:
    struct context;
    std::unique_ptr<context> context_;
};

}  // namespace heddle::inline v0::cli
