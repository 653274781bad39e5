// SPDX-License-Identifier: BSL-1.0
// expects: data race
// needs: memory
// Two threads append to one string: what is written is written by the C++ library, which is not instrumented.
#include <string>
#include <thread>

namespace {
std::string log(64, '-');

void append(const char* text) {
    log.replace(8, 4, text, 4);
}
}  // namespace

int main() {
    std::thread other(append, "1234");
    append("abcd");
    other.join();
    return log.size() == 64 ? 0 : 1;
}
