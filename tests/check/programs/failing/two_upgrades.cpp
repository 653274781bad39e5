// SPDX-License-Identifier: BSL-1.0
// expects: deadlock
// A reader may become the writer when it is the only reader left. Two that want to wait for each other.
#include <condition_variable>
#include <mutex>
#include <thread>

namespace {
class upgradable_lock {
 public:
    void read() {
        std::unique_lock hold(lock_);
        changed_.wait(hold, [this] { return !writing_; });
        ++readers_;
    }
    void upgrade() {
        std::unique_lock hold(lock_);
        changed_.wait(hold, [this] { return readers_ == 1; });
        readers_ = 0;
        writing_ = true;
    }
    void unlock_write() {
        const std::lock_guard hold(lock_);
        writing_ = false;
        changed_.notify_all();
    }

 private:
    std::mutex lock_;
    std::condition_variable changed_;
    int readers_ = 0;
    bool writing_ = false;
};

upgradable_lock l;

void update() {
    l.read();
    l.upgrade();
    l.unlock_write();
}
}  // namespace

int main() {
    std::thread a(update);
    std::thread b(update);
    a.join();
    b.join();
}
