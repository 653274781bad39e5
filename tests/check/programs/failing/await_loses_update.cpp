// SPDX-License-Identifier: BSL-1.0
// expects: assertion
// Coroutines of one loop need no lock, as long as they do not await between reading and writing. Two clients post one
// each; if both are in the loop at the same time, an update is lost.
#undef NDEBUG
#include <cassert>
#include <condition_variable>
#include <coroutine>
#include <deque>
#include <mutex>
#include <thread>

namespace {
std::mutex lock;
std::condition_variable posted;
std::deque<std::coroutine_handle<>> ready;
int balance = 0;
int done = 0;

void post(std::coroutine_handle<> h) {
    const std::lock_guard hold(lock);
    ready.push_back(h);
    posted.notify_one();
}

struct in_turn {  // awaited: the others of the loop go first
    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> h) const { post(h); }
    void await_resume() const noexcept {}
};

struct task {
    struct promise_type {
        task get_return_object() noexcept { return {}; }
        std::suspend_never initial_suspend() noexcept { return {}; }
        std::suspend_never final_suspend() noexcept { return {}; }
        void return_void() noexcept {}
        void unhandled_exception() noexcept { std::terminate(); }
    };
};

task deposit() {
    co_await in_turn();
    const int before = balance;
    co_await in_turn();
    balance = before + 1;
    ++done;
}
}  // namespace

int main() {
    std::thread a([] { deposit(); });
    std::thread b([] { deposit(); });
    while (done < 2) {
        std::unique_lock hold(lock);
        posted.wait(hold, [] { return !ready.empty(); });
        const std::coroutine_handle<> next = ready.front();
        ready.pop_front();
        hold.unlock();
        next.resume();
    }
    a.join();
    b.join();
    assert(balance == 2);
}
