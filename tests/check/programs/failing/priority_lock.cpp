// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// A lock that lets the important go first. One that got it is still counted as waiting, so the others are never woken.
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {
class priority_lock {
 public:
    void lock(bool important) {
        std::unique_lock hold(lock_);
        int& waiting = important ? important_ : others_;
        ++waiting;
        (important ? wake_important_ : wake_others_).wait(hold, [this] { return !held_; });
        if (!important) --waiting;  // the others should be told by this too
        held_ = true;
    }
    void unlock() {
        const std::lock_guard hold(lock_);
        held_ = false;
        if (important_ > 0)
            wake_important_.notify_one();
        else if (others_ > 0)
            wake_others_.notify_one();
    }

 private:
    std::mutex lock_;
    std::condition_variable wake_important_;
    std::condition_variable wake_others_;
    int important_ = 0;
    int others_ = 0;
    bool held_ = false;
};

priority_lock l;

void use(bool important) {
    l.lock(important);
    l.unlock();
}
}  // namespace

int main() {
    std::thread a(use, true);
    std::thread b(use, false);
    a.join();
    b.join();
}
