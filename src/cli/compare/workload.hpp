// SPDX-License-Identifier: BSL-1.0
#pragma once

// What is to be compared: the items, and how their partial answers make one.

#include "http_server.hpp"
#include "item.hpp"
#include "options.hpp"

#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace heddle::inline v0::cli {

struct workload {
    std::string name;
    std::string title;   // for people: "words: 7,900 files, 131 MB, in 131 items"
    std::string unit;    // what throughput counts: "MB", "numbers", "sleeps", "requests"
    bool waits = false;  // items wait for something other than a CPU
    std::vector<item> items;
    std::vector<std::string> problems;    // met while the items were made
    std::shared_ptr<http_server> server;  // alive as long as the workload
};

/// Reads directories, starts the server: whatever the options ask for.
/// @throws usage_error in one line that says what to do
workload make_workload(const compare_options& options);

/// The whole answer, or that of some items, built up from the items' parts.
class answer {
 public:
    void add(partial_answer&& part);
    void add(answer&& other);

    /// Equal for equal answers: a SHA-256 of everything but the problems' order.
    std::string digest() const;
    /// What the answer says, in one line for each thing.
    std::vector<std::string> summary(const std::string& workload_name) const;

    std::uint64_t number() const { return number_; }
    std::uint64_t bytes() const { return bytes_; }
    std::uint64_t files() const { return files_; }
    std::uint64_t distinct_words() const { return words_.size(); }
    /// The most frequent words, ties in alphabetical order.
    std::vector<std::pair<std::string, std::uint64_t>> top_words(std::size_t n) const;
    /// Sorted.
    std::vector<std::string> problems() const;

    template <class Archive> void serialize(Archive& a) { a(words_, hashes_, number_, bytes_, files_, problems_); }

 private:
    std::unordered_map<std::string, std::uint64_t> words_;
    std::map<std::string, std::string> hashes_;
    std::uint64_t number_ = 0;
    std::uint64_t bytes_ = 0;
    std::uint64_t files_ = 0;
    std::vector<std::string> problems_;
};

}  // namespace heddle::inline v0::cli
