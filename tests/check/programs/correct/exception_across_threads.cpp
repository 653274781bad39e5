// SPDX-License-Identifier: BSL-1.0
// What a thread throws is kept in an exception_ptr, and thrown again by two threads that wait for it.
#undef NDEBUG
#include <cassert>
#include <condition_variable>
#include <exception>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>

namespace {
std::mutex lock;
std::condition_variable failed;
std::exception_ptr error;

void wait_for_failure() {
    std::exception_ptr mine;
    {
        std::unique_lock hold(lock);
        failed.wait(hold, [] { return error != nullptr; });
        mine = error;
    }
    bool caught = false;
    try {
        std::rethrow_exception(std::move(mine));
    } catch (const std::runtime_error& e) {
        caught = e.what() == std::string("it did not work");
    }
    assert(caught);
}
}  // namespace

int main() {
    std::thread thrower([] {
        try {
            throw std::runtime_error("it did not work");
        } catch (...) {
            const std::lock_guard hold(lock);
            error = std::current_exception();
            failed.notify_all();
        }
    });
    std::thread waiter(wait_for_failure);
    wait_for_failure();
    thrower.join();
    waiter.join();
    error = nullptr;
}
