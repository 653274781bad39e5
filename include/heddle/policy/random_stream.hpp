// SPDX-License-Identifier: BSL-1.0
#pragma once

// Random numbers as a value that is given to a policy: from a seed, or a list that somebody wrote down, so
// that a lottery can be checked by hand and is the same every time.

#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <utility>
#include <vector>

namespace heddle::inline v0::policy {

/// A stream of random numbers that can be copied and repeated.
class random_stream {
 public:
    /// splitmix64 (G. Steele, D. Lea, C. Flood, OOPSLA 2014): another seed gives another stream.
    explicit random_stream(std::uint64_t seed = 1) : state_(seed) {}

    /// These numbers, over and over. Throws std::invalid_argument if there are none.
    explicit random_stream(std::vector<std::uint64_t> numbers) : given_(std::move(numbers)) {
        if (given_.empty()) throw std::invalid_argument("random stream: there are no numbers");
    }

    /// The next one.
    std::uint64_t next() {
        if (!given_.empty()) {
            const std::uint64_t n = given_[at_];
            at_ = (at_ + 1) % given_.size();
            return n;
        }
        state_ += 0x9E3779B97F4A7C15u;
        std::uint64_t z = state_;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
        return z ^ (z >> 31);
    }

    /// The next one, modulo `bound`, which must not be 0. One of a seed is evenly spread.
    std::uint64_t below(std::uint64_t bound) {
        if (!given_.empty()) return next() % bound;
        // What the largest multiple of `bound` leaves over would favour the small ones.
        const std::uint64_t surplus = (0 - bound) % bound;
        for (;;)
            if (const std::uint64_t n = next(); n >= surplus) return n % bound;
    }

    /// The next one, from 0 to below 1.
    double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
    std::uint64_t state_ = 0;
    std::vector<std::uint64_t> given_{};
    std::size_t at_ = 0;
};

}  // namespace heddle::inline v0::policy
