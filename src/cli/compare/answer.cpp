// SPDX-License-Identifier: BSL-1.0
#include "sha256.hpp"
#include "workload.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <iterator>

namespace heddle::inline v0::cli {

void answer::add(partial_answer&& part) {
    for (auto& [word, n] : part.words) words_[word] += n;
    for (auto& [file, hash] : part.hashes) hashes_[file] = std::move(hash);
    number_ += part.number;
    bytes_ += part.bytes;
    files_ += part.files;
    std::move(part.problems.begin(), part.problems.end(), std::back_inserter(problems_));
}

void answer::add(answer&& other) {
    // In any order: whoever brings more of them takes in the others'.
    if (other.words_.size() > words_.size()) words_.swap(other.words_);
    for (const auto& [word, n] : other.words_) words_[word] += n;
    hashes_.merge(other.hashes_);
    number_ += other.number_;
    bytes_ += other.bytes_;
    files_ += other.files_;
    std::move(other.problems_.begin(), other.problems_.end(), std::back_inserter(problems_));
}

std::string answer::digest() const {
    sha256 all;
    std::vector<std::pair<std::string_view, std::uint64_t>> sorted(words_.begin(), words_.end());
    std::sort(sorted.begin(), sorted.end());
    for (const auto& [word, n] : sorted) all.add(fmt::format("{} {}\n", word, n));
    for (const auto& [file, hash] : hashes_) all.add(fmt::format("{}  {}\n", hash, file));
    for (const auto& problem : problems()) all.add(problem + "\n");
    all.add(fmt::format("{} {} {}\n", number_, bytes_, files_));
    return all.finish();
}

std::vector<std::pair<std::string, std::uint64_t>> answer::top_words(std::size_t n) const {
    std::vector<std::pair<std::string, std::uint64_t>> top(words_.begin(), words_.end());
    const auto last = top.begin() + static_cast<std::ptrdiff_t>(std::min(n, top.size()));
    std::partial_sort(top.begin(), last, top.end(), [](const auto& a, const auto& b) {
        return a.second != b.second ? a.second > b.second : a.first < b.first;
    });
    top.erase(last, top.end());
    return top;
}

std::vector<std::string> answer::problems() const {
    auto sorted = problems_;
    std::sort(sorted.begin(), sorted.end());
    return sorted;
}

std::vector<std::string> answer::summary(const std::string& workload_name) const {
    std::vector<std::string> lines;
    if (workload_name == "words") {
        lines.push_back(
            fmt::format("{} words, {} different, in {} text files", number_, words_.size(), files_));
        std::string top;
        for (const auto& [word, n] : top_words(8))
            top += fmt::format("{} {} {}", top.empty() ? "most frequent:" : ",", word, n);
        if (!top.empty()) lines.push_back(top);
    } else if (workload_name == "hash") {
        lines.push_back(
            fmt::format("{} files hashed; SHA-256 over all of them {}…", files_, digest().substr(0, 16)));
    } else if (workload_name == "primes") {
        lines.push_back(fmt::format("{} primes", number_));
    } else if (workload_name == "squares") {
        lines.push_back(fmt::format("sum of squares {} (modulo 2^64)", number_));
    } else if (workload_name == "fetch") {
        lines.push_back(fmt::format("{} pages, {} bytes", number_, bytes_));
    } else if (workload_name == "sleep") {
        lines.push_back(fmt::format("{} sleeps", number_));
    } else {
        lines.push_back(fmt::format("sum of squares and number of sleeps {} (modulo 2^64)", number_));
    }
    return lines;
}

}  // namespace heddle::inline v0::cli
