// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace heddle::inline v0::sched {

/// Some of a fixed number of CPUs, a bit for each: a machine may have thousands, and who looks for the next
/// of a few need not visit all.
class cpu_set {
 public:
    explicit cpu_set(std::size_t cpus) : words_((cpus + 63) / 64) {}

    bool contains(std::uint32_t cpu) const { return (words_[cpu / 64] >> (cpu % 64) & 1) != 0; }
    void insert(std::uint32_t cpu) { words_[cpu / 64] |= bit(cpu); }
    void erase(std::uint32_t cpu) { words_[cpu / 64] &= ~bit(cpu); }

    /// The first that is not before `from`, or `end()`.
    std::uint32_t next(std::uint32_t from) const {
        std::size_t word = from / 64;
        if (word >= words_.size()) return end();
        std::uint64_t left = words_[word] & ~std::uint64_t{0} << (from % 64);
        while (left == 0) {
            if (++word == words_.size()) return end();
            left = words_[word];
        }
        return static_cast<std::uint32_t>(word * 64) + static_cast<std::uint32_t>(std::countr_zero(left));
    }
    /// Takes out the first `count`, which must be there, and appends them to `to`.
    void take(std::size_t count, std::vector<std::uint32_t>& to) {
        std::size_t at = to.size();
        const std::size_t end = at + count;
        to.resize(end);
        for (std::size_t word = 0; at < end; ++word) {
            std::uint64_t left = words_[word];
            for (; left != 0 && at < end; left &= left - 1)
                to[at++] = static_cast<std::uint32_t>(word * 64) +
                           static_cast<std::uint32_t>(std::countr_zero(left));
            words_[word] = left;
        }
    }

    static constexpr std::uint32_t end() noexcept { return ~std::uint32_t{0}; }

 private:
    static constexpr std::uint64_t bit(std::uint32_t cpu) { return std::uint64_t{1} << (cpu % 64); }

    std::vector<std::uint64_t> words_;
};

}  // namespace heddle::inline v0::sched
