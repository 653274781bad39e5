// SPDX-License-Identifier: BSL-1.0
#include "item.hpp"
#include "read_file.hpp"
#include "sha256.hpp"

namespace heddle::inline v0::cli {

void hash_files(const item& i, partial_answer& a) {
    for (const auto& path : i.files) {
        sha256 digest;
        std::string problem = read_file(path, [&](std::string_view piece) {
            a.bytes += piece.size();
            digest.add(piece);
            return true;
        });
        if (!problem.empty()) {
            a.problems.push_back(std::move(problem));
            continue;
        }
        ++a.files;
        ++a.number;
        a.hashes.emplace_back(path, digest.finish());
    }
}

}  // namespace heddle::inline v0::cli
