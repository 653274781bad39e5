// SPDX-License-Identifier: BSL-1.0
#pragma once

#include <atomic>
#include <mutex>

// std::mutex in a comment is fine, and so are "heddle::mutex" and this_is_a_futile_attempt.
struct waits {
    std::mutex lock;
    std::unique_lock<heddle::mutex> fine;
    std::condition_variable_any changed;  // std::thread is not reported for this line
    std::jthread runner;
    std::atomic<int> word_{0};
    void wait() { word_.wait(0); }
    void wake() { word_.notify_one(); }
    void good(heddle::future<int> f) { f.wait(); }
    auto now() { return std::chrono::steady_clock::now(); }
    const char* text = "std::mutex, futex and ::poll(1) in a text are fine";
    /* std::mutex; a comment
       of two lines: futex */
    const char* page = R"(
        std::mutex in a page
    )";
    void nap() { std::this_thread::sleep_for(pause); }
    heddle::rt::clock::time_point right() { return heddle::rt::clock::now(); }
};
