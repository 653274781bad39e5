// SPDX-License-Identifier: BSL-1.0
// Counting words: a word is a longest run of ASCII letters, in lower case. A file with a zero byte in its
// first 8 KB is not text and is left out.
#include "item.hpp"
#include "read_file.hpp"

#include <array>
#include <string_view>
#include <unordered_map>

namespace heddle::inline v0::cli {

namespace {

struct hash_of_text {
    using is_transparent = void;
    std::size_t operator()(std::string_view s) const noexcept { return std::hash<std::string_view>{}(s); }
};
using counts = std::unordered_map<std::string, std::uint64_t, hash_of_text, std::equal_to<>>;

// The lower-case letter for every byte that is part of a word, 0 for the others.
constexpr std::array<char, 256> letters = [] {
    std::array<char, 256> t{};
    for (char c = 'a'; c <= 'z'; ++c) t[static_cast<unsigned char>(c)] = c;
    for (char c = 'A'; c <= 'Z'; ++c) t[static_cast<unsigned char>(c)] = static_cast<char>(c - 'A' + 'a');
    return t;
}();

class counter {
 public:
    void add(std::string_view text) {
        for (const char c : text) {
            const char letter = letters[static_cast<unsigned char>(c)];
            if (letter != 0)
                word_ += letter;
            else if (!word_.empty())
                finish_word();
        }
    }
    // A word may continue in the next piece of the same file, but not in the next file.
    void end_of_file() {
        if (!word_.empty()) finish_word();
    }
    counts take() { return std::move(counts_); }

 private:
    void finish_word() {
        if (const auto found = counts_.find(std::string_view(word_)); found != counts_.end())
            ++found->second;
        else
            counts_.emplace(word_, 1);
        word_.clear();
    }
    std::string word_;
    counts counts_;
};

}  // namespace

void count_words(const item& i, partial_answer& a) {
    constexpr std::size_t probe = 8192;
    counter words;
    for (const auto& path : i.files) {
        bool first = true;
        bool text = true;
        std::string problem = read_file(path, [&](std::string_view piece) {
            if (first) text = piece.substr(0, probe).find('\0') == std::string_view::npos;
            first = false;
            if (!text) return false;
            a.bytes += piece.size();
            words.add(piece);
            return true;
        });
        words.end_of_file();
        if (!problem.empty())
            a.problems.push_back(std::move(problem));
        else if (text)
            ++a.files;
    }
    for (auto& [word, n] : words.take()) {
        a.number += n;
        a.words.emplace_back(word, n);
    }
}

}  // namespace heddle::inline v0::cli
