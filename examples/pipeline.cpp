// SPDX-License-Identifier: BSL-1.0
// Lines through two stages, of which the slow one has three workers: they come out in their order.
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <heddle/rt/parking_lot.hpp>
#include <heddle/task/pipeline.hpp>
#include <optional>
#include <string>

using namespace std::chrono_literals;

int main() {
    heddle::thread_pool pool;
    std::string all;
    heddle::pipeline<int>::from([n = 0]() mutable { return n < 5 ? std::optional(n++) : std::nullopt; })
        .then([](int n) { return "line " + std::to_string(n); })
        .then(
            [](std::string line) {
                heddle::rt::sleep_for(10ms);  // a slow device; its worker goes on with something else
                line[0] = static_cast<char>(std::toupper(line[0]));
                return line;
            },
            {.workers = 3})
        .run(pool, [&](const std::string& line) { all += line + "\n"; });
    std::printf("%s", all.c_str());
    return all == "Line 0\nLine 1\nLine 2\nLine 3\nLine 4\n" ? EXIT_SUCCESS : EXIT_FAILURE;
}
