// SPDX-License-Identifier: BSL-1.0
#include "sha256.hpp"

#include <openssl/evp.h>
#include <array>
#include <stdexcept>

namespace heddle::inline v0::cli {

struct sha256::context {
    std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> md{EVP_MD_CTX_new(), &EVP_MD_CTX_free};
};

sha256::sha256() : context_(std::make_unique<context>()) {
    if (!context_->md || EVP_DigestInit_ex(context_->md.get(), EVP_sha256(), nullptr) != 1)
        throw std::runtime_error("OpenSSL cannot compute SHA-256 here");
}

sha256::~sha256() = default;

void sha256::add(std::string_view bytes) {
    EVP_DigestUpdate(context_->md.get(), bytes.data(), bytes.size());
}

std::string sha256::finish() {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    EVP_DigestFinal_ex(context_->md.get(), digest.data(), &size);
    std::string hex;
    for (unsigned i = 0; i < size; ++i)
        for (const int nibble : {digest[i] >> 4, digest[i] & 15}) hex += "0123456789abcdef"[nibble];
    return hex;
}

}  // namespace heddle::inline v0::cli
