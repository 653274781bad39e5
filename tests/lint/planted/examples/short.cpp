// SPDX-License-Identifier: BSL-1.0
#include <cstdio>

int main() {
    int answer = 42;

    std::printf("%d\n", answer);
}
