// SPDX-License-Identifier: BSL-1.0
// Work that needs nothing but a CPU.
#include "item.hpp"

namespace heddle::inline v0::cli {

void count_primes(const item& i, partial_answer& a) {
    const auto is_prime = [](std::uint64_t n) {
        if (n < 4) return n >= 2;
        if (n % 2 == 0) return false;
        for (std::uint64_t d = 3; d * d <= n; d += 2)
            if (n % d == 0) return false;
        return true;
    };
    for (std::uint64_t n = i.from; n < i.to; ++n) a.number += is_prime(n) ? 1 : 0;
}

void sum_squares(const item& i, partial_answer& a) {
    std::uint64_t sum = 0;
    for (std::uint64_t n = i.from; n < i.to; ++n) {
        sum += n * n;                  // modulo 2^64
        asm volatile("" : "+r"(sum));  // or the compiler would compute the sum by a formula
    }
    a.number += sum;
}

}  // namespace heddle::inline v0::cli
