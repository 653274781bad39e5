// SPDX-License-Identifier: BSL-1.0
// A shared library that a test loads while it runs.

extern "C" [[gnu::visibility("default")]] int plugin_ninth_of(int n);

int plugin_ninth_of(int n) {
    return n / 9;
}
