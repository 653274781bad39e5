// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// Two singletons, each of which uses the other while it is made, if it is asked to.
#include <mutex>
#include <thread>

namespace {
std::once_flag registry_made;
std::once_flag logger_made;

void make_logger(bool with_registry);

void make_registry(bool with_logger) {
    std::call_once(registry_made, [=] {
        if (with_logger) make_logger(false);
    });
}

void make_logger(bool with_registry) {
    std::call_once(logger_made, [=] {
        if (with_registry) make_registry(false);
    });
}
}  // namespace

int main() {
    std::thread a(make_registry, true);
    std::thread b(make_logger, true);
    a.join();
    b.join();
}
