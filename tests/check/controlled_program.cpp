// SPDX-License-Identifier: BSL-1.0
// Fails unless the checker is in charge.
#include <heddle/rt/controlled.hpp>

int main() {
    return heddle::rt::controlled() ? 0 : 3;
}
